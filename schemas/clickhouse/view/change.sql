-- Changes of production: one row for each deploy and each change of a flag, which
-- kind says. Unknown is NULL. What several tools tell of one deploy is one row: told_by
-- is how many did. outcome is succeeded, failed or cancelled; rollout all-at-once,
-- canary or blue-green; automatic_rollback whether a machine undid it.
CREATE OR REPLACE VIEW change AS
SELECT
    c.change_id AS change_id,
    c.kind AS kind,
    nullIf(c.service, '') AS service,
    nullIf(c.environment, '') AS environment,
    nullIf(c.version, '') AS version,
    nullIf(c.commit_sha, '') AS commit_sha,
    {{moment "c.started_at"}} AS started_at,
    {{moment "c.finished_at"}} AS finished_at,
    nullIf(c.outcome, '') AS outcome,
    {{moment "c.rolled_back_at"}} AS rolled_back_at,
    {{tristate "c.automatic_rollback"}} AS automatic_rollback,
    nullIf(c.flag_key, '') AS flag_key,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(c.artifact, '') AS artifact,
    nullIf(c.rollout, '') AS rollout,
    if(c.kind = 'flag', c.flag_from, NULL) AS flag_from,
    if(c.kind = 'flag', c.flag_to, NULL) AS flag_to,
    {{tristate "c.kill_switch"}} AS kill_switch,
    {{tristate "c.planned"}} AS planned,
    c.source AS source,
    c.imported AS imported,
    c.told_by AS told_by
FROM change_state AS c
LEFT JOIN service AS s ON s.name = c.service
