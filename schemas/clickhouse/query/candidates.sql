-- The changes that may have led to the incidents that began in a span of time, nearest first.
SELECT
    i.incident_id,
    i.change_id,
    ifNull(c.service, ''),
    ifNull(c.version, ''),
    ifNull(toUnixTimestamp64Milli(c.finished_at), 0),
    i.link,
    toInt64(i.lag_seconds),
    i.weight
FROM incident_change AS i
INNER JOIN
(
    SELECT incident_id FROM incident
    WHERE coalesce(started_at, detected_at, first_told_at) >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
      AND coalesce(started_at, detected_at, first_told_at) < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
) AS began ON began.incident_id = i.incident_id
LEFT JOIN change AS c ON c.change_id = i.change_id
WHERE i.rank <= {ranks:UInt32}
ORDER BY i.incident_id, i.rank
