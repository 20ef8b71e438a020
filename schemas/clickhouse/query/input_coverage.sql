SELECT
    toInt64(count()), toInt64(countIf(failure_mode = '')), toInt64(countIf(environment = '')), toInt64(countIf(started_at = 0)),
    toInt64(countIf(severity = 0)), toInt64(countIf(service = '')), toInt64(countIf(NOT in_catalog)), toInt64(countIf(automatic)),
    (SELECT toInt64(count()) FROM improvement_state WHERE closed_at != 0 AND closed_at < @as_of),
    (SELECT toInt64(count()) FROM improvement_state WHERE closed_at != 0 AND closed_at < @as_of AND unwitnessed)
FROM incident_state
WHERE began_at < @as_of AND planned != 'yes' AND duplicate_of = ''
