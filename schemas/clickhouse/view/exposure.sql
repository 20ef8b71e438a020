-- Join 7: what each service was exposed to, so that quiet is not mistaken for safe.
-- Every service that the catalog names or that anything touched; one row each, to the
-- last event of the log. Unknown, or never, is NULL.
--
-- days_alive is from the catalog's date or the first sign of it, whichever is earlier,
-- to its removal or the last event; merging windows are not taken out. It is removed
-- when every environment that a change or an incident named has been, since its last;
-- a removal that names no environment is one from all. failures are
-- merged ones of any kind; experiments exercise every service that they name. quiet:
-- neither seen to fail nor exercised.
CREATE OR REPLACE VIEW exposure AS
WITH
    {{aliases}},
    (SELECT max(e.occurred_at) FROM event AS e) AS last,
    arrayFilter(at -> at != 0, [s.alive_from, n.first_at]) AS signs,
    arrayMin(signs) AS from_ms,
    arrayFilter(p -> p.1 != '' AND p.2 != 0, n.places) AS present,
    arrayMap(p -> multiIf(p.3 > p.2, p.3, n.removed_everywhere_at > p.2, n.removed_everywhere_at, 0), present) AS gone,
    multiIf(empty(present), n.removed_at, has(gone, 0), 0, arrayMax(gone)) AS ended_at,
    if(from_ms = 0, 0, if(ended_at > n.last_at, greatest(ended_at, from_ms), greatest(last, from_ms))) AS to_ms
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
    SELECT name, min(first_there) AS first_or_null, ifNull(first_or_null, 0) AS first_at, max(last_there) AS last_at, max(removed_there) AS removed_at,
        maxIf(removed_there, environment = '') AS removed_everywhere_at, groupArray((environment, last_there, removed_there)) AS places,
        sum(deploys_there) AS deploys, sum(flags_there) AS flag_changes, sum(exercises) AS experiments, sum(fails) AS failures,
        max(failed_last) AS failed_at, max(exercised_last) AS exercised_at
    FROM
    (
        SELECT name, environment, min(nullIf(first, 0)) AS first_there, max(final) AS last_there, max(removed) AS removed_there,
            sum(deploy) AS deploys_there, sum(flag) AS flags_there, sum(exercise) AS exercises, sum(failed) AS fails,
            maxIf(final, failed > 0) AS failed_last, maxIf(final, exercise > 0) AS exercised_last
        FROM
        (
            SELECT name, '' AS environment, 0 AS first, 0 AS final, 0 AS removed, 0 AS deploy, 0 AS flag, 0 AS exercise, 0 AS failed FROM service
            UNION ALL
            SELECT service, environment, min(if(started_at = 0, finished_at, least(started_at, finished_at))), max(finished_at), 0,
                countIf(kind = 'deploy' AND outcome != 'cancelled'), countIf(kind = 'flag'), 0, 0
            FROM change_state WHERE service != '' GROUP BY service, environment
            UNION ALL
            SELECT arrayJoin(services) AS touched, environment, min(began_at), max(began_at), 0, 0, 0, 0, 0
            FROM incident_state WHERE planned != 'yes' AND duplicate_of = '' GROUP BY touched, environment
            UNION ALL
            SELECT arrayJoin(services) AS touched, '', min(finished_at), max(finished_at), 0, 0, 0, uniqExact(experiment_id), 0
            FROM experiment_state GROUP BY touched
            UNION ALL
            SELECT assumeNotNull(service), '', toUnixTimestamp64Milli(assumeNotNull(min(began_at))), toUnixTimestamp64Milli(assumeNotNull(max(began_at))), 0, 0, 0, 0, count()
            FROM failure WHERE service IS NOT NULL GROUP BY service
            UNION ALL
            SELECT transform(toString(e.service), known, names, toString(e.service)) AS gone_service, toString(e.environment), 0, 0, max(e.occurred_at), 0, 0, 0, 0
            FROM event AS e WHERE e.kind = 'change' AND e.predicate = 'removed' AND e.service != '' GROUP BY gone_service, e.environment
        )
        GROUP BY name, environment
    )
    GROUP BY name
) AS n
LEFT JOIN service AS s ON s.name = n.name
