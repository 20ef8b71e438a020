-- The entities touched, folded anew, or as they were at a moment. The condition goes to
-- the shards as it is, and they know no database.
INSERT INTO fold_change
SELECT {run:String}, key, rows_hash, entity, is_change, is_rollback, kind, service_told, service, environment, version, commit_sha, artifact,
    started_at, finished_at, outcome, rollout, automatic_rollback, flag_key, flag_from, flag_to, kill_switch, planned, source, sources,
    imported, of_change, rollback_at, events, events_hash, first_at, last_at
FROM {{if .Cut}}({{cut "change_entity"}}){{else}}change_entity{{end}}
WHERE cityHash64(entity) GLOBAL IN (SELECT t.key FROM {database:Identifier}.fold_touched AS t WHERE t.run = {touched:String})
