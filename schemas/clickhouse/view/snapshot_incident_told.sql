-- incident_told as of the snapshot.
CREATE OR REPLACE VIEW snapshot_incident_told AS
WITH
    (SELECT incident_base FROM fold_run_current) AS base,
    (SELECT incident_delta FROM fold_run_current) AS delta
SELECT f.incident_id AS incident_id, f.* EXCEPT (run, key, rows_hash, is_incident, incident_id)
FROM fold_incident AS f
WHERE f.run IN (base, delta) AND f.is_incident
    AND (delta = '' OR f.run = delta OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_incident AS d WHERE d.run = delta))
