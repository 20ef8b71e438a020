-- Changes counted, each once, with the failed ones by name. A change younger than
-- the attribution window may still prove to have failed: counted apart.
--
-- What there is to say of few changes is joined to these alone: those that failed,
-- were rolled back, or are a known cause.
SELECT
    c.service AS service, if(s.team = '', 'unassigned', s.team) AS team, c.environment AS environment, c.kind AS kind, c.rollout AS rollout,
    concat(toString(intDiv(c.quarters, 4)), '-Q', toString(c.quarters % 4 + 1)) AS quarter,
    c.changes, c.too_young, c.ending_told, c.failed.1, c.failed.2, c.failed.3, c.failed.4, c.failed.5, c.failed.6
FROM
(
    SELECT service, environment, kind, rollout, quarters, sum(changes) AS changes, sum(too_young) AS too_young, sum(ending_told) AS ending_told,
        arraySort(groupArrayArray(failed)) AS failed
    FROM
    (
        SELECT service, environment, kind, rollout,
            toYear(fromUnixTimestamp64Milli(finished_at, 'UTC')) * 4 + toQuarter(fromUnixTimestamp64Milli(finished_at, 'UTC')) - 1 AS quarters,
            finished_at > @as_of - @window AS young,
            toInt64(countIf(NOT young)) AS changes,
            toInt64(countIf(young)) AS too_young,
            toInt64(countIf(NOT young AND (outcome != '' OR rolled_back_at != 0 AND rolled_back_at < @as_of))) AS ending_told,
            CAST([] AS Array(Tuple(Int64, String, String, Int64, String, Bool))) AS failed
        FROM change_state
        WHERE finished_at < @as_of AND outcome != 'cancelled'
        GROUP BY service, environment, kind, rollout, quarters, young
        UNION ALL
        SELECT service, environment, kind, rollout,
            toYear(fromUnixTimestamp64Milli(finished_at, 'UTC')) * 4 + toQuarter(fromUnixTimestamp64Milli(finished_at, 'UTC')) - 1 AS quarters,
            false, 0, 0,
            toInt64(countIf(blamed AND outcome = '' AND NOT rolled_back)),
            groupArrayIf((finished_at, change_id, why, undone_at, containment, CAST(blamed, 'Bool')), why != '')
        FROM
        (
            SELECT n.service AS service, n.environment AS environment, n.kind AS kind, n.rollout AS rollout, n.finished_at AS finished_at,
                n.change_id AS change_id, n.outcome AS outcome,
                n.rolled_back_at != 0 AND n.rolled_back_at < @as_of AS rolled_back,
                b.change_id != '' AND b.since < @as_of AS blamed,
                if(rolled_back, n.rolled_back_at, if(blamed, b.undone_at, 0)) AS undone_at,
                multiIf(n.outcome = 'failed', 'outcome', rolled_back, 'rolled_back', blamed, b.link, '') AS why,
                -- As in the view failure_told.
                multiIf(net.contained = 'no', 'escaped', net.contained = 'yes' OR net.contained_by != '', 'contained',
                    n.automatic_rollback = 'yes' OR n.kind = 'flag' OR n.rollout IN ('canary', 'blue-green'), 'contained', 'uncontained') AS containment
            FROM
            (
                SELECT service, environment, kind, rollout, finished_at, change_id, outcome, rolled_back_at, automatic_rollback
                FROM change_state
                WHERE finished_at < @as_of AND finished_at <= @as_of - @window AND outcome != 'cancelled'
            ) AS n
            LEFT JOIN change_blamed AS b ON b.change_id = n.change_id
            LEFT JOIN change_net AS net ON net.entity = n.change_id
            WHERE n.outcome = 'failed' OR n.rolled_back_at != 0 OR b.change_id != ''
        )
        GROUP BY service, environment, kind, rollout, quarters
    )
    GROUP BY service, environment, kind, rollout, quarters
) AS c
LEFT JOIN service AS s ON s.name = c.service
ORDER BY quarter, service, environment, kind, rollout
