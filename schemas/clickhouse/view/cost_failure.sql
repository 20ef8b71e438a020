-- What is known of the failures that costs name: of one id the incident, else the
-- change, the experiment, the near miss.
CREATE OR REPLACE VIEW cost_failure AS
SELECT f.id AS failure, argMin((f.kind, f.service, f.failure_mode, f.at), f.rank) AS known,
    known.1 AS kind, known.2 AS service, known.3 AS failure_mode, known.4 AS at
FROM
(
    SELECT 1 AS rank, 'incident' AS kind, incident_id AS id, service, failure_mode,
        multiIf(started_at != 0, started_at, detected_at != 0, detected_at, first_told_at) AS at
    FROM incident_named
    UNION ALL
    SELECT 2, 'change', entity, service, '', finished_at FROM change_told WHERE entity GLOBAL IN (SELECT failure_told FROM cost_told)
    UNION ALL
    SELECT 3, 'experiment', experiment_id, service, failure_mode, finished_at FROM experiment_state
    UNION ALL
    SELECT 4, 'near_miss', near_miss_id, service, failure_mode, happened_at FROM near_miss_state
) AS f
GROUP BY f.id
