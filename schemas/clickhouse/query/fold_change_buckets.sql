-- Buckets of keys in which the events are others than those folded: there are few, so
-- that their sums are made in half the time of those of all entities.
INSERT INTO fold_touched (run, key)
SELECT {buckets:String}, bucket
FROM
(
    SELECT toUInt16(bitShiftRight(cityHash64(e.entity), 48)) AS bucket, cityHash64(e.ord, e.first_received) AS part
    FROM event AS e
    WHERE e.kind = 'change'
    UNION ALL
    SELECT toUInt16(bitShiftRight(f.key, 48)), toUInt64(negate(f.rows_hash))
    FROM fold_change AS f
    WHERE f.run IN ({base:String}, {delta:String})
        AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
)
GROUP BY bucket
HAVING sum(part) != 0
