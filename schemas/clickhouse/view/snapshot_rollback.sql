-- rollback as of the snapshot.
CREATE OR REPLACE VIEW snapshot_rollback AS
SELECT f.entity AS rollback_id, f.service AS service, f.environment AS environment, f.of_change AS of_change, f.at AS at, f.automatic AS automatic
FROM fold_rollback AS f
WHERE f.run = (SELECT joined FROM fold_run_current)
