SELECT
    incident_id, service, team, environment, severity,
    if(started_at >= @as_of, 0, started_at) AS started,
    if(detected_at >= @as_of, 0, detected_at) AS detected,
    if(started = 0 AND detected = 0, began_at, 0), -- the first that was told of it
    if(acknowledged_at >= @as_of, 0, acknowledged_at),
    if(mitigated_at >= @as_of, 0, mitigated_at),
    if(resolved_at >= @as_of, 0, resolved_at),
    detection_source, failure_mode, cause_category, containment, planned = 'yes', duplicate_of, toInt64(reopen_count), imported,
    stated_detect_seconds, stated_resolve_seconds, if(isNaN(blast_radius), -1, blast_radius)
FROM incident_state
WHERE began_at < @as_of
ORDER BY began_at, incident_id
