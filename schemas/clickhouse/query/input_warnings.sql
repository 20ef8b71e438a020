SELECT w.incident_id, w.kind, w.entity, w.at, w.heeded_by, w.heeded_at
FROM warning_heeded AS w
WHERE w.kind != 'next' AND w.began_at < @as_of
ORDER BY w.at, w.entity, w.kind, w.incident_id
