-- Keys of deploys that may be one, of which some were touched, as they were or as
-- they are: of their commits and artifacts, and of the commits that anybody tells of
-- these artifacts, since what is told without a commit has that of its artifact.
INSERT INTO fold_touched (run, key)
WITH touched AS
(
    SELECT t.key FROM fold_touched AS t WHERE t.run = {entities:String}
)
SELECT {touched:String}, arrayJoin([f.commit_key, f.artifact_key]) AS same
FROM fold_change AS f
WHERE f.run IN ({base:String}, {was:String}, {delta:String}) AND (f.commit_key != 0 OR f.artifact_key != 0)
    AND (f.key GLOBAL IN (SELECT key FROM touched) OR f.artifact_key GLOBAL IN
    (
        SELECT a.artifact_key FROM fold_change AS a
        WHERE a.run IN ({base:String}, {was:String}, {delta:String}) AND a.artifact_key != 0 AND a.key GLOBAL IN (SELECT key FROM touched)
    ))
GROUP BY same
HAVING same != 0
