-- When each change was first rolled back, as the rollbacks tell.
CREATE OR REPLACE VIEW change_rolled_back AS
WITH {{aliases}}
SELECT if(m.change_id = '', r.entity, m.change_id) AS change_id, min(r.at) AS at, max(r.automatic) AS automatic
FROM
(
    SELECT b.of_change AS entity, b.at AS at, b.automatic AS automatic FROM rollback AS b WHERE b.of_change != ''
    UNION ALL
    SELECT c.entity, b.at, b.automatic
    FROM (SELECT * FROM rollback WHERE of_change = '') AS b
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
    ) AS c ON c.service = b.service AND c.environment = b.environment AND b.at >= c.finished_at
) AS r
LEFT JOIN change_merged AS m ON m.entity = r.entity
GROUP BY change_id
