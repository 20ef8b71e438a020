-- Where a failure mode was met: each incident, experiment, near miss and risk of a
-- known mode, with the last of each kind that came before it on the same service, and
-- the first incident after it. (0, '') is none. What names no service in particular
-- meets all services; drills, duplicates and inconclusive experiments are left out.
--
-- The points lie on one line of time for each mode and service, so that one pass
-- over the incidents gives all.
CREATE OR REPLACE VIEW mode_met AS
SELECT
    what, id, failure_mode,
    any(service) AS service, any(at) AS at, any(until) AS until,
    max(refuted_before) AS refuted, max(held_before) AS held, max(near_miss_before) AS near_miss, max(risk_before) AS risk,
    max(incident_before) AS incident, max(foretold_before) AS foretold_until,
    if(countIf(incident_after.2 != '') = 0, (toInt64(0), ''), minIf(incident_after, incident_after.2 != '')) AS next_incident
FROM
(
    SELECT *,
        max(if(what = 'refuted', (at, id), (toInt64(0), ''))) OVER before AS refuted_before,
        max(if(what = 'held', (at, id), (toInt64(0), ''))) OVER before AS held_before,
        max(if(what = 'near_miss', (at, id), (toInt64(0), ''))) OVER before AS near_miss_before,
        max(if(what = 'risk', (at, id), (toInt64(0), ''))) OVER before AS risk_before,
        max(if(what = 'incident', (at, id), (toInt64(0), ''))) OVER before AS incident_before,
        max(until) OVER before AS foretold_before,
        min(if(what = 'incident', (at, id), (toInt64(9223372036854775807), ''))) OVER after AS incident_after
    FROM
    (
        SELECT 'incident' AS what, incident_id AS id, failure_mode, service, began_at AS at, toInt64(0) AS until,
            arrayJoin(arrayDistinct(['', service])) AS touched
        FROM incident_state WHERE failure_mode != '' AND planned != 'yes' AND duplicate_of = ''
        UNION ALL
        SELECT verdict, experiment_id, failure_mode, service, finished_at, 0, arrayJoin(if(empty(services), [''], services))
        FROM experiment_state WHERE failure_mode != '' AND verdict IN ('refuted', 'held')
        UNION ALL
        SELECT 'near_miss', near_miss_id, failure_mode, service, happened_at, 0, arrayJoin(if(empty(services), [''], services))
        FROM near_miss_state WHERE failure_mode != ''
        UNION ALL
        SELECT 'risk', risk_id, failure_mode, service, recorded_at, horizon_ends_at, service
        FROM risk_told WHERE failure_mode != ''
    )
    WINDOW before AS (PARTITION BY failure_mode, touched ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        after AS (PARTITION BY failure_mode, touched ORDER BY at DESC RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
GROUP BY what, id, failure_mode
