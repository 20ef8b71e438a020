-- change_told as of the snapshot.
CREATE OR REPLACE VIEW snapshot_change_told AS
WITH
    (SELECT change_base FROM fold_run_current) AS base,
    (SELECT change_delta FROM fold_run_current) AS delta
SELECT f.entity AS entity, f.kind AS kind, f.service_told AS service_told, f.service AS service, f.environment AS environment,
    f.version AS version, f.commit_sha AS commit_sha, f.artifact AS artifact, f.started_at AS started_at, f.finished_at AS finished_at,
    f.outcome AS outcome, f.rollout AS rollout, f.automatic_rollback AS automatic_rollback, f.flag_key AS flag_key,
    f.flag_from AS flag_from, f.flag_to AS flag_to, f.kill_switch AS kill_switch, f.planned AS planned, f.source AS source,
    f.sources AS sources, f.imported AS imported
FROM fold_change AS f
WHERE f.run IN (base, delta) AND f.is_change
    AND (delta = '' OR f.run = delta OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = delta))
