-- change_merged as of the snapshot.
CREATE OR REPLACE VIEW snapshot_change_merged AS
SELECT f.entity AS entity, f.change_id AS change_id
FROM fold_merged AS f
WHERE f.run = (SELECT joined FROM fold_run_current)
