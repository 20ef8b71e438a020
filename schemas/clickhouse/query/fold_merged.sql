-- Which entities are one deploy told by several tools, from the parts of a snapshot:
-- the same as the view change_merged folds. Groups of one source are left out by a
-- hash first, without their names.
INSERT INTO fold_merged (run, entity, change_id)
WITH
    (SELECT value FROM setting WHERE name = 'same_deploy_ms') AS within,
    told AS
    (
        SELECT f.service AS service, f.environment AS environment, f.artifact AS artifact, f.commit_sha AS commit_sha, f.source AS source,
            f.entity AS entity, f.finished_at AS finished_at
        FROM fold_change AS f
        WHERE f.run IN ({base:String}, {delta:String}) AND f.is_change AND f.kind = 'deploy' AND (f.commit_sha != '' OR f.artifact != '')
            AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
            AND f.service GLOBAL IN
            (
                SELECT s.service FROM fold_change AS s
                WHERE s.run IN ({base:String}, {delta:String}) AND s.is_change AND s.kind = 'deploy'
                GROUP BY s.service HAVING uniqExact(s.source) > 1
            )
    ),
    identified AS
    (
        SELECT t.service AS service, t.environment AS environment, t.source AS source, t.entity AS entity, t.finished_at AS finished_at,
            if(t.commit_sha != '', t.commit_sha, a.commit_sha) AS commit,
            if(commit != '', concat('commit ', commit), concat('artifact ', t.artifact)) AS same,
            sipHash64(t.service, t.environment, same) AS hash
        FROM told AS t
        LEFT JOIN
        (
            -- What is told without a commit has the one that another tells of its artifact.
            SELECT c.service AS service, c.environment AS environment, c.artifact AS artifact, max(c.commit_sha) AS commit_sha
            FROM told AS c
            WHERE c.artifact != '' AND (c.service, c.environment, c.artifact) GLOBAL IN
                (SELECT n.service, n.environment, n.artifact FROM told AS n WHERE n.commit_sha = '')
            GROUP BY c.service, c.environment, c.artifact
        ) AS a ON a.service = t.service AND a.environment = t.environment AND a.artifact = t.artifact
    ),
    arraySplit((told, gap) -> gap > within, tolds, arrayDifference(tolds.1)) AS runs,
    arrayFlatten(arrayMap(run -> arrayFold(
        (deploys, told) -> if(notEmpty(deploys) AND told.1 - deploys[-1].1 <= within AND NOT has(deploys[-1].2, told.3),
            arrayPushBack(arrayPopBack(deploys), (deploys[-1].1, arrayPushBack(deploys[-1].2, told.3), arrayPushBack(deploys[-1].3, told.2))),
            arrayPushBack(deploys, (told.1, [told.3], [told.2]))),
        run, CAST([] AS Array(Tuple(Int64, Array(String), Array(String))))), runs)) AS deploys
SELECT {run:String}, arrayJoin(entities), entities[1]
FROM
(
    SELECT arrayJoin(deploys).3 AS entities
    FROM
    (
        SELECT arraySort(groupArray((i.finished_at, i.entity, toString(i.source)))) AS tolds
        FROM identified AS i
        WHERE i.hash GLOBAL IN (SELECT h.hash FROM identified AS h GROUP BY h.hash HAVING min(h.source) != max(h.source))
        GROUP BY i.service, i.environment, i.same
        HAVING uniqExact(i.source) > 1
    )
)
WHERE length(entities) > 1
