-- change_linked as of the snapshot.
CREATE OR REPLACE VIEW snapshot_change_linked AS
SELECT f.link AS link, f.change_id AS change_id, f.finished_at AS finished_at, f.environment AS environment
FROM fold_linked AS f
WHERE f.run = (SELECT incident_state FROM fold_run_current)
