-- Changes of production, each once: what several tools tell of one deploy is
-- merged, the first told first, and rollbacks are attached. '' and 0 unknown.
CREATE OR REPLACE VIEW change_state AS
SELECT
    c.change_id AS change_id, c.kind AS kind, c.service AS service, c.environment AS environment, c.version AS version,
    c.commit_sha AS commit_sha, c.artifact AS artifact, c.started_at AS started_at, c.finished_at AS finished_at,
    c.outcome AS outcome, c.rollout AS rollout,
    multiIf(r.at != 0, r.at, c.automatic_rollback = 'yes', c.finished_at, 0) AS rolled_back_at,
    if(r.automatic, 'yes', c.automatic_rollback) AS automatic_rollback,
    c.flag_key AS flag_key, c.flag_from AS flag_from, c.flag_to AS flag_to, c.kill_switch AS kill_switch,
    c.planned AS planned, c.source AS source, c.imported AS imported, c.told_by AS told_by, c.entities AS entities
FROM
(
    SELECT t.entity AS change_id, t.kind, t.service, t.environment, t.version, t.commit_sha, t.artifact, t.started_at, t.finished_at, t.outcome,
        t.rollout, t.automatic_rollback, t.flag_key, t.flag_from, t.flag_to, t.kill_switch, t.planned, t.source, t.imported,
        length(t.sources) AS told_by, [t.entity] AS entities
    FROM change_told AS t
    LEFT ANTI JOIN change_merged AS m ON m.entity = t.entity
    UNION ALL
    SELECT m.change_id AS change_id, any(t.kind), any(t.service), any(t.environment),
        argMinIf(t.version, (t.finished_at, t.entity), t.version != ''),
        max(t.commit_sha), argMinIf(t.artifact, (t.finished_at, t.entity), t.artifact != ''),
        minIf(t.started_at, t.started_at != 0), max(t.finished_at),
        argMaxIf(t.outcome, (t.finished_at, t.entity), t.outcome != ''),
        argMinIf(t.rollout, (t.finished_at, t.entity), t.rollout != ''),
        if(max(t.automatic_rollback) = 'yes', 'yes', max(t.automatic_rollback)),
        '', '', '', '', max(t.planned),
        argMin(t.source, (t.finished_at, t.entity)), min(t.imported),
        length(groupUniqArrayArray(t.sources)), arraySort(groupUniqArray(t.entity))
    FROM change_told AS t
    INNER JOIN change_merged AS m ON m.entity = t.entity
    WHERE t.entity GLOBAL IN (SELECT entity FROM change_merged)
    GROUP BY m.change_id
) AS c
LEFT JOIN change_rolled_back AS r ON r.change_id = c.change_id
