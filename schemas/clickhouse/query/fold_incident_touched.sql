-- Keys of entities whose events are others than those folded.
INSERT INTO fold_touched (run, key)
SELECT {touched:String}, key
FROM
(
    SELECT cityHash64(e.entity) AS key, cityHash64(e.ord, e.first_received) AS part
    FROM event AS e
    WHERE e.kind = 'incident'
    UNION ALL
    SELECT f.key, toUInt64(negate(f.rows_hash))
    FROM fold_incident AS f
    WHERE f.run IN ({base:String}, {delta:String})
        AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_incident AS d WHERE d.run = {delta:String}))
)
GROUP BY key
HAVING sum(part) != 0
