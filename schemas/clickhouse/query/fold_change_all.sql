INSERT INTO fold_change
SELECT {run:String}, key, rows_hash, entity, is_change, is_rollback, kind, service_told, service, environment, version, commit_sha, artifact,
    started_at, finished_at, outcome, rollout, automatic_rollback, flag_key, flag_from, flag_to, kill_switch, planned, source, sources,
    imported, of_change, rollback_at, events, events_hash, first_at, last_at
FROM change_entity
