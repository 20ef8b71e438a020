SELECT n.near_miss_id, n.service, if(s.team = '', 'unassigned', s.team), n.environment, n.services, n.failure_mode, n.averted_by,
    n.happened_at, n.imported
FROM near_miss_state AS n
LEFT JOIN service AS s ON s.name = n.service
WHERE n.happened_at < @as_of
ORDER BY n.happened_at, n.near_miss_id
