-- When each change was first rolled back, from the rollbacks of a snapshot: the same
-- as the view change_rolled_back folds.
INSERT INTO fold_rolled_back (run, change_id, at, automatic)
WITH
    deploys AS
    (
        SELECT f.service AS service, f.environment AS environment, f.finished_at AS finished_at, max(f.entity) AS entity
        FROM fold_change AS f
        PREWHERE f.finished_at GLOBAL IN (SELECT r.finished_at FROM fold_rollback AS r WHERE r.run = {run:String} AND r.found)
        WHERE f.run IN ({base:String}, {delta:String}) AND f.is_change AND f.kind = 'deploy'
            AND (f.service, f.environment, f.finished_at) GLOBAL IN
                (SELECT r.service, r.environment, r.finished_at FROM fold_rollback AS r WHERE r.run = {run:String} AND r.found)
            AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
        GROUP BY service, environment, finished_at
    )
SELECT {run:String}, if(m.change_id = '', r.entity, m.change_id) AS change_id, min(r.at) AS at, max(r.automatic) AS automatic
FROM
(
    SELECT b.of_change AS entity, b.at AS at, b.automatic AS automatic FROM fold_rollback AS b WHERE b.run = {run:String} AND b.of_change != ''
    UNION ALL
    SELECT d.entity, b.at, b.automatic
    FROM (SELECT * FROM fold_rollback AS r WHERE r.run = {run:String} AND r.found) AS b
    INNER JOIN deploys AS d ON d.service = b.service AND d.environment = b.environment AND d.finished_at = b.finished_at
) AS r
LEFT JOIN (SELECT f.entity AS entity, f.change_id AS change_id FROM fold_merged AS f WHERE f.run = {run:String}) AS m ON m.entity = r.entity
GROUP BY change_id
