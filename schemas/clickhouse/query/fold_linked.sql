-- What the view change_linked gives of the parts of a snapshot.
INSERT INTO fold_linked (run, link, change_id, finished_at, environment)
WITH
    named AS
    (
        SELECT n.link AS link, n.change_id AS entity FROM fold_linked AS n WHERE n.run = {named:String}
    )
SELECT {run:String}, l.link, if(m.change_id = '', t.entity, m.change_id) AS change_id, min(t.finished_at), max(t.environment)
FROM (SELECT link, entity FROM named) AS l
INNER JOIN
(
    SELECT f.entity AS entity, f.finished_at AS finished_at, f.environment AS environment FROM fold_change AS f
    PREWHERE f.key GLOBAL IN (SELECT cityHash64(entity) FROM named)
    WHERE f.run IN ({base:String}, {delta:String}) AND f.is_change
        AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
) AS t ON t.entity = l.entity
LEFT JOIN
(
    SELECT f.entity AS entity, f.change_id AS change_id FROM fold_merged AS f
    WHERE f.run = {joined:String} AND f.entity GLOBAL IN (SELECT entity FROM named)
) AS m ON m.entity = t.entity
GROUP BY l.link, change_id
