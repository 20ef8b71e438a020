-- Incidents with the services where their cause may lie: those affected, and
-- those on which these directly depend. Drills and duplicates have no cause.
CREATE OR REPLACE VIEW incident_reach AS
WITH
    (
        SELECT arraySort(groupArray((d.name, d.upstream)))
        FROM
        (
            -- The catalog may name a dependency by an alias.
            SELECT s.name AS name, arrayStringConcat(arraySort(groupUniqArray(if(a.service = '', s.dependency, a.service))), '\n') AS upstream
            FROM (SELECT name, arrayJoin(depends_on) AS dependency FROM service) AS s
            LEFT JOIN service_alias AS a ON a.alias = s.dependency
            GROUP BY s.name
        ) AS d
    ) AS dependencies,
    arrayConcat([''], dependencies.1) AS dependent,
    arrayConcat([''], dependencies.2) AS upstreams
SELECT i.incident_id AS incident_id, i.environment AS environment, i.began_at AS began_at, i.ended_at AS ended_at,
    arraySort(arrayDistinct(arrayFilter(name -> name != '', arrayConcat(i.services,
        arrayFlatten(arrayMap(name -> splitByChar('\n', transform(name, dependent, upstreams, '')), i.services)))))) AS reach
FROM incident_state AS i
WHERE i.planned != 'yes' AND i.duplicate_of = ''
