-- Near misses: what nearly happened, and what averted it; one row each. Unknown is NULL.
CREATE OR REPLACE VIEW near_miss AS
SELECT
    n.near_miss_id AS near_miss_id,
    nullIf(n.service, '') AS service,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(n.environment, '') AS environment,
    nullIf(n.failure_mode, '') AS failure_mode,
    {{moment "n.happened_at"}} AS happened_at,
    nullIf(n.averted_by, '') AS averted_by,
    n.services AS services,
    nullIf(n.title, '') AS title,
    n.source AS source,
    n.imported AS imported
FROM near_miss_state AS n
LEFT JOIN service AS s ON s.name = n.service
