-- Keys of the entities to which something happened at a moment or later: only these
-- are not what all their events fold to. A correction says what was so all along.
INSERT INTO fold_touched (run, key)
SELECT {touched:String}, cityHash64(e.entity) AS key
FROM event AS e
WHERE e.kind = {kind:String} AND e.occurred_at >= {as_of:Int64} AND e.predicate NOT IN ('amended', 'retracted')
GROUP BY key
