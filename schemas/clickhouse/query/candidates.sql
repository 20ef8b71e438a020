-- The changes that may have led to the incidents that began in a span of time, nearest first.
SELECT
    incident_change.incident_id,
    incident_change.change_id,
    ifNull(change.service, ''),
    ifNull(change.version, ''),
    ifNull(toUnixTimestamp64Milli(change.finished_at), 0),
    incident_change.link,
    toInt64(incident_change.lag_seconds),
    incident_change.weight
FROM incident_change
INNER JOIN
(
    SELECT incident_id FROM incident
    WHERE coalesce(started_at, detected_at, first_told_at) >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
      AND coalesce(started_at, detected_at, first_told_at) < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
) AS began ON began.incident_id = incident_change.incident_id
LEFT JOIN change ON change.change_id = incident_change.change_id
WHERE incident_change.rank <= {ranks:UInt32}
ORDER BY incident_change.incident_id, incident_change.rank
