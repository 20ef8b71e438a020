-- Keys of changes whose joined state may be another: those touched, those told
-- together with them, as they were or as they are merged, and those whose rollback is
-- another.
INSERT INTO fold_touched (run, key)
SELECT {touched:String}, key
FROM
(
    SELECT t.key AS key FROM fold_touched AS t WHERE t.run = {entities:String}
    UNION ALL
    SELECT cityHash64(m.entity) FROM fold_merged AS m
    WHERE m.run IN ({was:String}, {run:String}) AND m.same GLOBAL IN (SELECT t.key FROM fold_touched AS t WHERE t.run = {same:String})
    UNION ALL
    SELECT cityHash64(change_id)
    FROM (SELECT r.run AS run, r.change_id AS change_id, r.at AS at, r.automatic AS automatic FROM fold_rolled_back AS r WHERE r.run IN ({was:String}, {run:String}))
    GROUP BY change_id, at, automatic
    HAVING count() = 1
)
GROUP BY key
