-- Incidents with the services where their cause may lie: those affected, and
-- those on which these directly depend.
CREATE OR REPLACE VIEW incident_reach AS
SELECT i.incident_id AS incident_id, i.environment AS environment, i.began_at AS began_at, i.ended_at AS ended_at,
    i.links AS links,
    arraySort(arrayDistinct(arrayConcat(i.services, d.upstream))) AS reach
FROM incident_state AS i
LEFT JOIN
(
    SELECT n.incident_id AS incident_id, groupUniqArrayArray(s.upstream) AS upstream
    FROM (SELECT incident_id, arrayJoin(services) AS service FROM incident_named) AS n
    INNER JOIN
    (
        -- The catalog may name a dependency by an alias.
        SELECT d.name AS name, groupUniqArray(if(a.service = '', d.dependency, a.service)) AS upstream
        FROM (SELECT name, arrayJoin(depends_on) AS dependency FROM service) AS d
        LEFT JOIN service_alias AS a ON a.alias = d.dependency
        GROUP BY d.name
    ) AS s ON s.name = n.service
    GROUP BY n.incident_id
) AS d ON d.incident_id = i.incident_id
WHERE i.planned != 'yes' AND i.duplicate_of = ''
