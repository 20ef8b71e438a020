-- Changes of production as each tool tells them: '' and 0 unknown.
CREATE OR REPLACE VIEW change_told AS
SELECT entity, kind, service_told, service, environment, version, commit_sha, artifact, started_at, finished_at, outcome, rollout,
    automatic_rollback, flag_key, flag_from, flag_to, kill_switch, planned, source, sources, imported
FROM change_entity
WHERE is_change
