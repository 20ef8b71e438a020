-- Join 6: each near miss of a known mode with the first later incident of it on its
-- service, if there was one. heeded: an improvement for the mode was closed, and
-- witnessed, between (or since, while there was none). Unknown is NULL.
CREATE OR REPLACE VIEW near_miss_incident AS
SELECT
    w.entity AS near_miss_id,
    nullIf(w.incident_id, '') AS incident_id,
    (w.heeded_by != '')::Bool AS heeded,
    nullIf(w.heeded_by, '') AS heeded_by,
    nullIf(w.service, '') AS service,
    w.failure_mode AS failure_mode,
    {{moment "w.at"}} AS happened_at,
    {{moment "w.began_at"}} AS began_at,
    if(w.began_at = 0, NULL, intDiv(w.began_at - w.at, 1000)) AS gap_seconds
FROM warning_heeded AS w
WHERE w.kind = 'next'
