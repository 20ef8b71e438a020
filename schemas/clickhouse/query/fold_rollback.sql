-- Rollbacks, each with the moment of the latest earlier deploy of its service and
-- environment, from the parts of a snapshot, unless it names its own.
INSERT INTO fold_rollback (run, entity, service, environment, of_change, at, automatic, found, finished_at)
WITH current AS
(
    SELECT f.* FROM fold_change AS f
    WHERE f.run IN ({base:String}, {delta:String})
        AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
)
SELECT {run:String}, b.entity, b.service, b.environment, b.of_change, b.at, b.automatic, b.of_change = '' AND c.found, c.finished_at
FROM
(
    SELECT entity, service, environment, cityHash64(service, environment) AS place, of_change, rollback_at AS at, automatic_rollback = 'yes' AS automatic
    FROM current
    WHERE is_rollback
) AS b
ASOF LEFT JOIN
(
    -- A hash of both is found in half the time of two words; who asks what was
    -- rolled back compares these.
    SELECT cityHash64(service, environment) AS place, finished_at, true AS found
    FROM current
    WHERE is_change AND kind = 'deploy' AND service GLOBAL IN (SELECT service FROM current WHERE is_rollback AND of_change = '')
) AS c ON c.place = b.place AND b.at >= c.finished_at
