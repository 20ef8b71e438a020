SELECT entity, kind, service_told, service, environment, version, commit_sha, artifact, started_at, finished_at, outcome, rollout,
    automatic_rollback, flag_key, flag_from, flag_to, kill_switch, planned, source, sources, imported
FROM until_change_entity WHERE is_change
UNION ALL
SELECT entity, kind, service_told, service, environment, version, commit_sha, artifact, started_at, finished_at, outcome, rollout,
    automatic_rollback, flag_key, flag_from, flag_to, kill_switch, planned, source, sources, imported
FROM whole_change_told WHERE entity GLOBAL NOT IN (SELECT entity FROM until_touched)
