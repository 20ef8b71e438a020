-- Those that count as of then: a cost that supersedes another only later leaves it be.
SELECT
    c.cost_id, c.failure, f.kind, f.service, if(s.team = '', 'unassigned', s.team), f.failure_mode, if(f.at >= @as_of, 0, f.at),
    c.covers, c.method, c.recorded_at, c.currency, c.low, c.likely, c.high
FROM cost_state AS c
LEFT JOIN cost_failure AS f ON f.failure = c.failure
LEFT JOIN service AS s ON s.name = f.service
WHERE c.recorded_at < @as_of AND (c.superseded_by = '' OR c.superseded_at >= @as_of)
ORDER BY c.recorded_at, c.cost_id
