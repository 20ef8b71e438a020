-- incident_state as of the snapshot.
CREATE OR REPLACE VIEW snapshot_incident_state AS
SELECT f.incident_id AS incident_id, f.* EXCEPT (run, incident_id)
FROM fold_incident_state AS f
WHERE f.run = (SELECT incident_state FROM fold_run_current)
