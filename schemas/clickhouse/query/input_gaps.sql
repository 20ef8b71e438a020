SELECT
    g.gap_id, g.service, if(s.team = '', 'unassigned', s.team), g.failure_mode, g.found_at,
    if(g.closed_at >= @as_of, 0, g.closed_at) AS closed,
    if(g.proven_at >= @as_of, 0, g.proven_at) AS proven,
    if(g.reopened_at >= @as_of, 0, g.reopened_at) AS reopened,
    multiIf(closed = 0, 'open', reopened != 0, 'reopened', proven != 0, 'proven', 'unproven'),
    if(reopened != 0, reopened, proven)
FROM monitoring_gap_state AS g
LEFT JOIN service AS s ON s.name = g.service
WHERE g.found_at < @as_of
ORDER BY g.found_at, g.gap_id
