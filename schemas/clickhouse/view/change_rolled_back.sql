-- When each change was first rolled back, as the rollbacks tell.
CREATE OR REPLACE VIEW change_rolled_back AS
WITH
    (SELECT arraySort(groupArray((alias, service))) FROM service_alias) AS aliases,
    arrayConcat([''], aliases.1) AS known,
    arrayConcat([''], aliases.2) AS names
SELECT if(m.change_id = '', c.entity, m.change_id) AS change_id, min(r.at) AS at, max(r.automatic) AS automatic
FROM rollback AS r
ASOF INNER JOIN
(
    SELECT t.service AS service, t.environment AS environment, t.finished_at AS finished_at, max(t.entity) AS entity
    FROM change_told AS t
    WHERE t.kind = 'deploy' AND t.entity GLOBAL IN
    (
        SELECT e.entity FROM event AS e
        WHERE e.kind = 'change' AND transform(toString(e.service), known, names, toString(e.service)) GLOBAL IN (SELECT service FROM rollback)
    )
    GROUP BY t.service, t.environment, t.finished_at
) AS c ON c.service = r.service AND c.environment = r.environment AND r.at >= c.finished_at
LEFT JOIN change_merged AS m ON m.entity = c.entity
GROUP BY change_id
