-- Keys of entities whose events are others than those folded, or whose service has
-- another name by now.
INSERT INTO fold_touched (run, key)
WITH
    (SELECT arraySort(groupArray((alias, service))) FROM service_alias) AS aliases,
    arrayConcat([''], aliases.1) AS known,
    arrayConcat([''], aliases.2) AS names
SELECT {touched:String}, key
FROM
(
    SELECT cityHash64(e.entity) AS key, cityHash64(e.ord, e.first_received) AS part, 0 AS renamed
    FROM event AS e
    WHERE e.kind = 'change'
    UNION ALL
    SELECT f.key, toUInt64(negate(f.rows_hash)), transform(toString(f.service_told), known, names, toString(f.service_told)) != f.service
    FROM fold_change AS f
    WHERE f.run IN ({base:String}, {delta:String})
        AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
)
GROUP BY key
HAVING sum(part) != 0 OR max(renamed) != 0
