-- Join 7: what each service was exposed to, so that quiet is not mistaken for safe.
-- Every service that the catalog names or that anything touched; one row each, to the
-- last event of the log. Unknown, or never, is NULL.
--
-- days_alive is from the catalog's date or the first sign of it, whichever is earlier,
-- to its removal or the last event; merging windows are not taken out. failures are
-- merged ones of any kind; experiments exercise every service that they name. quiet:
-- neither seen to fail nor exercised.
CREATE OR REPLACE VIEW exposure AS
WITH
    {{aliases}},
    (SELECT max(e.occurred_at) FROM event AS e) AS last,
    arrayFilter(at -> at != 0, [s.alive_from, n.first_at]) AS signs,
    arrayMin(signs) AS from_ms,
    if(from_ms = 0, 0, if(n.removed_at > n.last_at, greatest(n.removed_at, from_ms), greatest(last, from_ms))) AS to_ms
SELECT
    n.name AS service,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(s.tier, '') AS tier,
    (s.name != '')::Bool AS in_catalog,
    {{moment "from_ms"}} AS alive_from,
    {{moment "to_ms"}} AS alive_to,
    intDiv(to_ms - from_ms, 1000) / 86400 AS days_alive,
    n.deploys AS deploys, n.flag_changes AS flag_changes, n.experiments AS experiments, n.failures AS failures,
    {{moment "n.failed_at"}} AS last_failed_at,
    {{moment "n.exercised_at"}} AS last_exercised_at,
    (n.failures = 0 AND n.experiments = 0)::Bool AS quiet
FROM
(
    SELECT name, ifNull(min(nullIf(first, 0)), 0) AS first_at, max(final) AS last_at, max(removed) AS removed_at,
        sum(deploy) AS deploys, sum(flag) AS flag_changes, sum(exercise) AS experiments, sum(failed) AS failures,
        maxIf(final, failed > 0) AS failed_at, maxIf(final, exercise > 0) AS exercised_at
    FROM
    (
        SELECT name, 0 AS first, 0 AS final, 0 AS removed, 0 AS deploy, 0 AS flag, 0 AS exercise, 0 AS failed FROM service
        UNION ALL
        SELECT service, min(if(started_at = 0, finished_at, least(started_at, finished_at))), max(finished_at), 0,
            countIf(kind = 'deploy' AND outcome != 'cancelled'), countIf(kind = 'flag'), 0, 0
        FROM change_state WHERE service != '' GROUP BY service
        UNION ALL
        SELECT arrayJoin(services) AS touched, min(began_at), max(began_at), 0, 0, 0, 0, 0
        FROM incident_state WHERE planned != 'yes' AND duplicate_of = '' GROUP BY touched
        UNION ALL
        SELECT arrayJoin(services) AS touched, min(finished_at), max(finished_at), 0, 0, 0, uniqExact(experiment_id), 0
        FROM experiment_state GROUP BY touched
        UNION ALL
        SELECT assumeNotNull(service), toUnixTimestamp64Milli(assumeNotNull(min(began_at))), toUnixTimestamp64Milli(assumeNotNull(max(began_at))), 0, 0, 0, 0, count()
        FROM failure WHERE service IS NOT NULL GROUP BY service
        UNION ALL
        SELECT transform(toString(e.service), known, names, toString(e.service)) AS gone, 0, 0, max(e.occurred_at), 0, 0, 0, 0
        FROM event AS e WHERE e.kind = 'change' AND e.predicate = 'removed' AND e.service != '' GROUP BY gone
    )
    GROUP BY name
) AS n
LEFT JOIN service AS s ON s.name = n.name
