-- Which entities are one deploy told by several tools: same service, environment
-- and commit, or artifact where no commit is known, within a fixed time of the
-- first told. A tool that tells of it twice tells of two deploys.
CREATE OR REPLACE VIEW change_merged AS
WITH
    (SELECT value FROM setting WHERE name = 'same_deploy_ms') AS within,
    {{aliases}},
    -- A tool's deploys that follow each other closely; only these can be one.
    arraySplit((told, gap) -> gap > within, tolds, arrayDifference(tolds.1)) AS runs,
    arrayFlatten(arrayMap(run -> arrayFold(
        (deploys, told) -> if(notEmpty(deploys) AND told.1 - deploys[-1].1 <= within AND NOT has(deploys[-1].2, told.3),
            arrayPushBack(arrayPopBack(deploys), (deploys[-1].1, arrayPushBack(deploys[-1].2, told.3), arrayPushBack(deploys[-1].3, told.2))),
            arrayPushBack(deploys, (told.1, [told.3], [told.2]))),
        run, CAST([] AS Array(Tuple(Int64, Array(String), Array(String))))), runs)) AS deploys
SELECT arrayJoin(entities) AS entity, entities[1] AS change_id
FROM
(
    SELECT arrayJoin(deploys).3 AS entities
    FROM
    (
        SELECT arraySort(groupArray((finished_at, entity, source))) AS tolds
        FROM
        (
            SELECT service, environment, artifact, source, entity, finished_at,
                if(commit_sha != '' OR artifact = '', commit_sha, max(commit_sha) OVER (PARTITION BY service, environment, artifact)) AS commit
            FROM change_told
            WHERE kind = 'deploy' AND (commit_sha != '' OR artifact != '') AND entity GLOBAL IN
            (
                SELECT e.entity FROM event AS e
                WHERE e.kind = 'change' AND transform(toString(e.service), known, names, toString(e.service)) GLOBAL IN
                (
                    SELECT transform(toString(c.service), known, names, toString(c.service)) AS service
                    FROM event AS c WHERE c.kind = 'change' AND c.service != ''
                    GROUP BY service HAVING uniq(c.source, c.predicate = 'amended') > 1
                )
            )
        )
        GROUP BY service, environment, if(commit != '', ('commit', commit), ('artifact', artifact))
        HAVING uniqExact(source) > 1
    )
)
WHERE length(entities) > 1
