-- Risks: predictions of a failure mode, as a pre-mortem makes them; one row each, with
-- what came of it (join 5). Unknown is NULL.
--
-- outcome: predicted (the first incident of the mode began within the horizon),
-- did_not_happen (the log went past the horizon without one), open (it has not yet).
CREATE OR REPLACE VIEW risk AS
WITH (SELECT max(e.occurred_at) FROM event AS e) AS last
SELECT
    r.risk_id AS risk_id,
    nullIf(r.service, '') AS service,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(r.environment, '') AS environment,
    nullIf(r.failure_mode, '') AS failure_mode,
    nullIf(r.probability, -1) AS probability,
    nullIf(toInt64(r.horizon_days), -1) AS horizon_days,
    {{moment "r.recorded_at"}} AS recorded_at,
    {{moment "r.horizon_ends_at"}} AS horizon_ends_at,
    multiIf(r.horizon_ends_at = 0, NULL, r.happened_at != 0 AND r.happened_at <= r.horizon_ends_at, 'predicted',
        r.horizon_ends_at <= last, 'did_not_happen', 'open') AS outcome,
    if(outcome = 'predicted', r.incident_id, NULL) AS incident_id,
    if(outcome = 'predicted', {{moment "r.happened_at"}}, NULL) AS happened_at,
    nullIf(r.title, '') AS title,
    r.source AS source,
    r.imported AS imported
FROM risk_state AS r
LEFT JOIN service AS s ON s.name = r.service
