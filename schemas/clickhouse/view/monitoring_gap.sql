-- Monitoring gaps and join 3: closed, and then a monitor fired first: proven; a
-- customer told us: reopened; nothing since: unproven. Unknown is NULL.
CREATE OR REPLACE VIEW monitoring_gap AS
SELECT
    g.gap_id AS gap_id,
    nullIf(g.service, '') AS service,
    nullIf(g.failure_mode, '') AS failure_mode,
    {{moment "g.found_at"}} AS found_at,
    {{moment "g.closed_at"}} AS closed_at,
    multiIf(g.closed_at = 0, 'open', g.reopened_at != 0, 'reopened', g.proven_at != 0, 'proven', 'unproven') AS state,
    {{moment "if(g.reopened_at != 0, g.reopened_at, g.proven_at)"}} AS decided_at,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(g.environment, '') AS environment,
    nullIf(g.incident_id, '') AS incident_id,
    nullIf(g.improvement_id, '') AS improvement_id,
    nullIf(g.title, '') AS title,
    g.source AS source,
    g.imported AS imported
FROM monitoring_gap_state AS g
LEFT JOIN service AS s ON s.name = g.service
