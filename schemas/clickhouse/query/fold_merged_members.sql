-- The deploys of the keys touched, and all of their artifacts: what is told without a
-- commit has the one that another tells of its artifact.
INSERT INTO fold_touched (run, key)
WITH touched AS
(
    SELECT t.key AS key FROM fold_touched AS t WHERE t.run = {touched:String}
)
SELECT {members:String}, f.key
FROM fold_change AS f
WHERE f.run IN ({base:String}, {delta:String}) AND (f.commit_key GLOBAL IN (SELECT key FROM touched) OR f.artifact_key GLOBAL IN
(
    SELECT key FROM touched
    UNION ALL
    SELECT a.artifact_key FROM fold_change AS a
    WHERE a.run IN ({base:String}, {delta:String}) AND a.artifact_key != 0 AND a.commit_key GLOBAL IN (SELECT key FROM touched)
))
