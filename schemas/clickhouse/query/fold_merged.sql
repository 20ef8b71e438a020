-- Which entities are one deploy told by several tools, from the parts of a snapshot:
-- the same as the view change_merged folds; of all, or of those of the keys touched.
-- Groups of one source are left out by their key first, without their names.
INSERT INTO fold_merged (run, entity, change_id, same)
WITH
    (SELECT value FROM setting WHERE name = 'same_deploy_ms') AS within,
    told AS
    (
        SELECT f.service AS service, f.environment AS environment, f.artifact AS artifact, f.commit_sha AS commit_sha, f.source AS source,
            f.entity AS entity, f.finished_at AS finished_at, f.commit_key AS commit_key, f.artifact_key AS artifact_key
        FROM fold_change AS f
        {{if .Some}}PREWHERE f.key GLOBAL IN (SELECT m.key FROM fold_touched AS m WHERE m.run = {members:String}){{end}}
        WHERE f.run IN ({base:String}, {delta:String}) AND (f.commit_key != 0 OR f.artifact_key != 0)
            AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
            {{- if not .Some}}
            AND f.service GLOBAL IN
            (
                SELECT s.service FROM fold_change AS s
                WHERE s.run IN ({base:String}, {delta:String}) AND s.is_change AND s.kind = 'deploy'
                GROUP BY s.service HAVING min(s.source) != max(s.source)
            )
            {{- end}}
    ),
    identified AS
    (
        SELECT t.service AS service, t.environment AS environment, t.source AS source, t.entity AS entity, t.finished_at AS finished_at,
            if(t.commit_sha != '', t.commit_sha, a.commit_sha) AS commit,
            if(commit != '', concat('commit ', commit), concat('artifact ', t.artifact)) AS told_of,
            multiIf(t.commit_key != 0, t.commit_key, a.commit_key != 0, a.commit_key, t.artifact_key) AS same
        FROM told AS t
        LEFT JOIN
        (
            SELECT c.artifact_key AS artifact_key, max(c.commit_sha) AS commit_sha, argMax(c.commit_key, c.commit_sha) AS commit_key
            FROM told AS c
            WHERE c.artifact_key != 0 AND c.artifact_key GLOBAL IN (SELECT n.artifact_key FROM told AS n WHERE n.commit_key = 0)
            GROUP BY c.artifact_key
        ) AS a ON a.artifact_key = t.artifact_key
    ),
    arraySplit((told, gap) -> gap > within, tolds, arrayDifference(tolds.1)) AS runs,
    arrayFlatten(arrayMap(run -> arrayFold(
        (deploys, told) -> if(notEmpty(deploys) AND told.1 - deploys[-1].1 <= within AND NOT has(deploys[-1].2, told.3),
            arrayPushBack(arrayPopBack(deploys), (deploys[-1].1, arrayPushBack(deploys[-1].2, told.3), arrayPushBack(deploys[-1].3, told.2))),
            arrayPushBack(deploys, (told.1, [told.3], [told.2]))),
        run, CAST([] AS Array(Tuple(Int64, Array(String), Array(String))))), runs)) AS deploys
SELECT {run:String}, arrayJoin(entities), entities[1], same
FROM
(
    SELECT same, arrayJoin(deploys).3 AS entities
    FROM
    (
        SELECT i.same AS same, arraySort(groupArray((i.finished_at, i.entity, toString(i.source)))) AS tolds
        FROM identified AS i
        WHERE i.same GLOBAL IN (SELECT h.same FROM identified AS h GROUP BY h.same HAVING min(h.source) != max(h.source))
            {{- if .Some}} AND i.same GLOBAL IN (SELECT t.key FROM fold_touched AS t WHERE t.run = {touched:String}){{end}}
        GROUP BY i.service, i.environment, i.told_of, i.same
        HAVING uniqExact(i.source) > 1
    )
)
WHERE length(entities) > 1
