-- Join 5: predictions and what came of them. class: predicted (the first incident of the
-- risk's mode that began within its horizon), did_not_happen (the log went past the
-- horizon without one), open (not yet), unpredicted (an incident of a known mode that
-- no risk had foretold for its time). A later incident within the same horizon is none
-- of these: it was foretold, and counted with the first. Risks without a horizon are
-- left out. Unknown is NULL.
CREATE OR REPLACE VIEW risk_incident AS
WITH (SELECT max(e.occurred_at) FROM event AS e) AS last
SELECT
    if(m.what = 'risk', m.id, NULL) AS risk_id,
    multiIf(m.what = 'incident', m.id, class = 'predicted', m.next_incident.2, NULL) AS incident_id,
    multiIf(m.what = 'incident', 'unpredicted', m.next_incident.1 != 0 AND m.next_incident.1 <= m.until, 'predicted',
        m.until <= last, 'did_not_happen', 'open') AS class,
    nullIf(m.service, '') AS service,
    m.failure_mode AS failure_mode,
    if(m.what = 'risk', {{moment "m.at"}}, NULL) AS recorded_at,
    if(m.what = 'risk', {{moment "m.until"}}, NULL) AS horizon_ends_at,
    {{moment "multiIf(m.what = 'incident', m.at, class = 'predicted', m.next_incident.1, 0)"}} AS began_at
FROM mode_met AS m
WHERE m.what = 'risk' AND m.until != 0 OR m.what = 'incident' AND m.foretold_until < m.at
