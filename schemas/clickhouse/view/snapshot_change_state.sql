-- change_state as of the snapshot.
CREATE OR REPLACE VIEW snapshot_change_state AS
WITH
    (SELECT state_base FROM fold_run_current) AS base,
    (SELECT state_delta FROM fold_run_current) AS delta
SELECT f.change_id AS change_id, f.kind AS kind, f.service AS service, f.environment AS environment, f.version AS version,
    f.commit_sha AS commit_sha, f.artifact AS artifact, f.started_at AS started_at, f.finished_at AS finished_at,
    f.outcome AS outcome, f.rollout AS rollout, f.rolled_back_at AS rolled_back_at, f.automatic_rollback AS automatic_rollback,
    f.flag_key AS flag_key, f.flag_from AS flag_from, f.flag_to AS flag_to, f.kill_switch AS kill_switch,
    f.planned AS planned, f.source AS source, f.imported AS imported, f.told_by AS told_by, f.entities AS entities
FROM fold_change_state AS f
WHERE f.run IN (base, delta) AND f.is_change
    AND (delta = '' OR f.run = delta OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change_state AS d WHERE d.run = delta))
