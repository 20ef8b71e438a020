-- Every service that the catalog names or that an incident or a change touched,
-- with its exposure and its deploys of each day, by environment. A service that left
-- no sign and has no date has none. It ends as in the view exposure.
WITH
    (SELECT arraySort(groupArray((alias, service))) FROM service_alias) AS aliases,
    arrayConcat([''], aliases.1) AS known,
    arrayConcat([''], aliases.2) AS names,
    arrayFilter(at -> at != 0, [s.alive_from, n.first_at]) AS signs,
    arraySort(arrayFilter(p -> p.1 != '' AND p.2 != 0, n.places)) AS present,
    arrayMap(p -> multiIf(p.4 > p.3, p.4, n.removed_everywhere_at > p.3, n.removed_everywhere_at, 0), present) AS gone,
    multiIf(empty(present), n.removed_at, has(gone, 0), 0, arrayMax(gone)) AS ended_at
SELECT
    n.name, if(s.team = '', 'unassigned', s.team), s.tier, s.name != '' AS in_catalog,
    if(arrayMin(signs) = 0, @as_of, least(arrayMin(signs), @as_of)) AS alive_from,
    if(ended_at > n.last_at, greatest(ended_at, alive_from), @as_of) AS alive_to,
    arrayFlatten(arrayMap(p -> p.5, n.places)) AS days, arrayFlatten(arrayMap(p -> p.6, n.places)) AS deploys,
    present.1, arrayMap(p -> p.2, present), arrayMap((p, ended) -> if(ended != 0, greatest(ended, p.2), @as_of), present, gone),
    arrayMap(p -> p.5, present), arrayMap(p -> p.6, present)
FROM
(
    SELECT name, min(nullIf(first, 0)) AS first_or_null, ifNull(first_or_null, 0) AS first_at, max(last) AS last_at,
        max(removed) AS removed_at, maxIf(removed, environment = '') AS removed_everywhere_at, groupArray((environment, first, last, removed, days, deploys)) AS places
    FROM
    (
        SELECT name, environment, ifNull(min(nullIf(first, 0)), 0) AS first, max(last) AS last, max(removed) AS removed,
            groupArrayArray(day) AS days, groupArrayArray(deployed) AS deploys
        FROM
        (
            SELECT name, '' AS environment, 0 AS first, 0 AS last, 0 AS removed, CAST([] AS Array(Int32)) AS day, CAST([] AS Array(Int32)) AS deployed FROM service
            UNION ALL
            SELECT service, environment, min(first_at), max(last_at), 0, groupArrayIf(finished_on, n != 0), groupArrayIf(n, n != 0)
            FROM
            (
                SELECT service, environment, toInt32(intDiv(finished_at, 86400000)) AS finished_on,
                    min(if(started_at = 0, finished_at, least(started_at, finished_at))) AS first_at, max(finished_at) AS last_at,
                    toInt32(countIf(kind = 'deploy' AND outcome != 'cancelled')) AS n
                FROM change_state WHERE service != '' AND finished_at < @as_of GROUP BY service, environment, finished_on
                SETTINGS optimize_aggregation_in_order = 0 -- days lie together already
            )
            GROUP BY service, environment
            UNION ALL
            SELECT arrayJoin(services) AS touched, environment, min(began_at), max(began_at), 0, [], []
            FROM incident_state WHERE began_at < @as_of AND planned != 'yes' AND duplicate_of = '' GROUP BY touched, environment
            UNION ALL
            SELECT transform(toString(e.service), known, names, toString(e.service)) AS gone, toString(e.environment), 0, 0, max(e.occurred_at), [], []
            FROM event AS e WHERE e.kind = 'change' AND e.predicate = 'removed' AND e.service != '' AND e.occurred_at < @as_of
            GROUP BY gone, e.environment
        )
        GROUP BY name, environment
    )
    GROUP BY name
) AS n
LEFT JOIN service AS s ON s.name = n.name
ORDER BY n.name
