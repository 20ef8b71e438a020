-- change_rolled_back as of the snapshot.
CREATE OR REPLACE VIEW snapshot_change_rolled_back AS
SELECT f.change_id AS change_id, f.at AS at, f.automatic AS automatic
FROM fold_rolled_back AS f
WHERE f.run = (SELECT joined FROM fold_run_current)
