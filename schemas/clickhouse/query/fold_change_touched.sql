-- Keys of entities whose events are others than those folded, or whose service has
-- another name by now; of those in the buckets that differ.
INSERT INTO fold_touched (run, key)
WITH
    (SELECT arraySort(groupArray((alias, service))) FROM service_alias) AS aliases,
    arrayConcat([''], aliases.1) AS known,
    arrayConcat([''], aliases.2) AS names,
    differ AS
    (
        SELECT toUInt16(t.key) AS bucket FROM fold_touched AS t WHERE t.run = {buckets:String}
    ),
    renamed AS
    (
        SELECT told FROM (SELECT DISTINCT f.service_told AS told, f.service AS service FROM fold_change AS f WHERE f.run IN ({base:String}, {delta:String}))
        WHERE transform(toString(told), known, names, toString(told)) != service
    )
SELECT {touched:String}, key
FROM
(
    SELECT cityHash64(e.entity) AS key, cityHash64(e.ord, e.first_received) AS part, 0 AS renamed
    FROM event AS e
    WHERE e.kind = 'change' AND toUInt16(bitShiftRight(cityHash64(e.entity), 48)) GLOBAL IN (SELECT bucket FROM differ)
    UNION ALL
    SELECT f.key, toUInt64(negate(f.rows_hash)), f.service_told GLOBAL IN (SELECT told FROM renamed)
    FROM fold_change AS f
    WHERE f.run IN ({base:String}, {delta:String})
        AND (toUInt16(bitShiftRight(f.key, 48)) GLOBAL IN (SELECT bucket FROM differ) OR f.service_told GLOBAL IN (SELECT told FROM renamed))
        AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
)
GROUP BY key
HAVING sum(part) != 0 OR max(renamed) != 0
