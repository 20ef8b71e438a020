-- Failures: those of one mode on one service within the merging window of the first
-- are one. The window is fixed at the first and never chained; without a mode nothing
-- is merged. A failure is as bad as the worst of what it is made of, and lasts until
-- all of that has ended. members has (kind, id) of each, the first first, by which the
-- failure is named. Unknown is NULL.
CREATE OR REPLACE VIEW failure AS
WITH
    (SELECT value FROM setting WHERE name = 'merge_window_ms') AS within,
    -- Only what follows closely can be one; a run is then cut at the window of each first.
    arraySplit((told, gap) -> gap >= within, tolds, arrayDifference(tolds.1)) AS runs,
    arrayFlatten(arrayMap(run -> arrayFold(
        (found, told) -> if(notEmpty(found) AND told.1 - found[-1].1 < within,
            arrayPushBack(arrayPopBack(found), (found[-1].1, arrayPushBack(found[-1].2, told))),
            arrayPushBack(found, (told.1, [told]))),
        run, CAST([] AS Array(Tuple(Int64, Array(Tuple(Int64, UInt8, String, String, String, UInt8, Int64, UInt8)))))), runs)) AS found
SELECT
    f.parts[1].3 AS failure_id,
    f.parts[1].4 AS kind,
    nullIf(f.service, '') AS service,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(f.parts[1].5, '') AS environment,
    nullIf(f.failure_mode, '') AS failure_mode,
    arrayMin(arrayMap(x -> if(x.6 = 0, NULL, x.6), f.parts)) AS severity,
    {{moment "f.parts[1].1"}} AS began_at,
    {{moment "if(arrayExists(x -> x.7 = 0, f.parts), 0, arrayMax(x -> x.7, f.parts))"}} AS ended_at,
    transform(arrayMax(x -> x.8, f.parts), [0, 1], ['contained', 'escaped'], 'uncontained') AS containment,
    length(f.parts) AS occurrences,
    arrayMap(x -> (x.4, x.3), f.parts)::Array(Tuple(kind String, id String)) AS members
FROM
(
    SELECT service, failure_mode, arrayJoin(found).2 AS parts
    FROM
    (
        SELECT service, failure_mode, arraySort(groupArray((at, toUInt8(rank), id, kind, environment, severity, ended_at, toUInt8(class)))) AS tolds
        FROM failure_told
        GROUP BY service, failure_mode, if(failure_mode = '', (kind, id), ('', ''))
    )
) AS f
LEFT JOIN service AS s ON s.name = f.service
