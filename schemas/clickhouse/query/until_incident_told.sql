SELECT incident_id, service_told, services_told, toString(environment) AS environment, severity, toString(detection_source) AS detection_source,
    toString(failure_mode) AS failure_mode, toString(cause_category) AS cause_category, blast_radius, toString(contained) AS contained,
    toString(contained_by) AS contained_by, toString(planned) AS planned, duplicate_of, started_at, detected_at, acknowledged_at, mitigated_at,
    resolved_at, reopen_count, first_told_at, links, toString(source) AS source, imported, automatic, title, labels, stated_detect_seconds,
    stated_resolve_seconds
FROM until_incident_entity WHERE is_incident
UNION ALL
SELECT incident_id, service_told, services_told, toString(environment), severity, toString(detection_source),
    toString(failure_mode), toString(cause_category), blast_radius, toString(contained),
    toString(contained_by), toString(planned), duplicate_of, started_at, detected_at, acknowledged_at, mitigated_at,
    resolved_at, reopen_count, first_told_at, links, toString(source), imported, automatic, title, labels, stated_detect_seconds,
    stated_resolve_seconds
FROM whole_incident_told WHERE incident_id GLOBAL NOT IN (SELECT entity FROM until_touched)
