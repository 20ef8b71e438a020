-- The entities touched, folded anew, or as they were at a moment. The condition goes to
-- the shards as it is, and they know no database.
INSERT INTO fold_incident (run, key, rows_hash, incident_id, is_incident, service_told, services_told, environment, severity, detection_source, failure_mode,
    cause_category, blast_radius, contained, contained_by, planned, duplicate_of, started_at, detected_at, acknowledged_at, mitigated_at,
    resolved_at, reopen_count, first_told_at, links, source, imported, automatic, title, labels, stated_detect_seconds, stated_resolve_seconds)
SELECT {run:String} AS run, key, rows_hash, incident_id, is_incident, service_told, services_told, environment, severity, detection_source, failure_mode,
    cause_category, blast_radius, contained, contained_by, planned, duplicate_of, started_at, detected_at, acknowledged_at, mitigated_at,
    resolved_at, reopen_count, first_told_at, links, source, imported, automatic, title, labels, stated_detect_seconds, stated_resolve_seconds
FROM {{if .Cut}}({{cut "incident_entity"}}){{else}}incident_entity{{end}}
WHERE cityHash64(incident_id) GLOBAL IN (SELECT t.key FROM {database:Identifier}.fold_touched AS t WHERE t.run = {touched:String})
