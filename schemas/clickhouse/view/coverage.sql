-- What share of the incidents lack what the numbers need. One row.
CREATE OR REPLACE VIEW coverage AS
SELECT
    count() AS incidents,
    countIf(i.failure_mode = '') / count() AS without_failure_mode,
    countIf(i.environment = '') / count() AS without_environment,
    countIf(i.started_at = 0) / count() AS without_start,
    countIf(i.severity = 0) / count() AS without_severity,
    countIf(i.service = '') / count() AS without_service,
    countIf(NOT i.in_catalog) / count() AS without_catalog_entry
FROM incident_state AS i
WHERE i.planned != 'yes' AND i.duplicate_of = ''
