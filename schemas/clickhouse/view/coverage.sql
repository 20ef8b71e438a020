-- What share of the incidents lack what the numbers need, and what is left out of
-- them: drills and duplicates. One row; without incidents the shares are NULL.
CREATE OR REPLACE VIEW coverage AS
SELECT
    countIf(counts) AS incidents,
    countIf(counts AND i.failure_mode = '') / nullIf(incidents, 0) AS without_failure_mode,
    countIf(counts AND i.environment = '') / nullIf(incidents, 0) AS without_environment,
    countIf(counts AND i.started_at = 0) / nullIf(incidents, 0) AS without_start,
    countIf(counts AND i.severity = 0) / nullIf(incidents, 0) AS without_severity,
    countIf(counts AND i.service = '') / nullIf(incidents, 0) AS without_service,
    countIf(counts AND NOT i.in_catalog) / nullIf(incidents, 0) AS without_catalog_entry,
    countIf(i.planned = 'yes') AS drills,
    countIf(i.planned != 'yes' AND i.duplicate_of != '') AS duplicates
FROM (SELECT *, planned != 'yes' AND duplicate_of = '' AS counts FROM incident_state) AS i
