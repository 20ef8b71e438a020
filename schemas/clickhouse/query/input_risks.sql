SELECT
    r.risk_id, r.service, if(s.team = '', 'unassigned', s.team), r.environment, r.failure_mode, r.probability, r.recorded_at, r.horizon_ends_at,
    if(r.happened_at >= @as_of OR r.happened_at > r.horizon_ends_at, '', r.incident_id),
    if(r.happened_at >= @as_of OR r.happened_at > r.horizon_ends_at, 0, r.happened_at)
FROM risk_state AS r
LEFT JOIN service AS s ON s.name = r.service
WHERE r.recorded_at < @as_of
ORDER BY r.recorded_at, r.risk_id
