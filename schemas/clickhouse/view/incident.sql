-- Incidents: one row each. Unknown is NULL. severity is 1, the worst, to 5;
-- detection_source is monitoring, customer, employee or experiment; containment is
-- contained, escaped or uncontained; blast_radius is the share of users or requests
-- touched. service and team are the catalog's names. first_told_at is the time of the
-- first event about it, links the words by which its events name changes. imported
-- says that files of the past told of it, so that nobody witnessed when.
-- stated_detect_seconds and stated_resolve_seconds are durations that a report itself
-- tells, beside those that follow from the times.
CREATE OR REPLACE VIEW incident AS
SELECT
    incident_id,
    nullIf(i.service, '') AS service,
    i.team AS team,
    nullIf(i.environment, '') AS environment,
    nullIf(i.severity, 0) AS severity,
    {{moment "i.started_at"}} AS started_at,
    {{moment "i.detected_at"}} AS detected_at,
    {{moment "i.acknowledged_at"}} AS acknowledged_at,
    {{moment "i.mitigated_at"}} AS mitigated_at,
    {{moment "i.resolved_at"}} AS resolved_at,
    nullIf(i.detection_source, '') AS detection_source,
    nullIf(i.failure_mode, '') AS failure_mode,
    nullIf(i.cause_category, '') AS cause_category,
    i.containment AS containment,
    if(isNaN(i.blast_radius), NULL, i.blast_radius) AS blast_radius,
    (i.planned = 'yes')::Bool AS is_drill,
    nullIf(i.duplicate_of, '') AS duplicate_of,
    i.reopen_count AS reopen_count,
    i.source AS source,
    i.services AS services,
    nullIf(i.title, '') AS title,
    {{moment "i.first_told_at"}} AS first_told_at,
    nullIf(i.contained_by, '') AS contained_by,
    i.in_catalog AS in_catalog,
    i.imported AS imported,
    nullIf(i.stated_detect_seconds, -1) AS stated_detect_seconds,
    nullIf(i.stated_resolve_seconds, -1) AS stated_resolve_seconds,
    i.links AS links,
    i.labels AS labels
FROM incident_state AS i
