-- Changes counted, each once, with the failed ones by name. A change younger than
-- the attribution window may still prove to have failed: counted apart.
WITH arraySort(groupArrayIf((c.finished_at, c.change_id, c.why, c.undone_at, c.containment, CAST(c.blamed, 'Bool')), c.why != '' AND NOT c.young)) AS failed
SELECT
    c.service AS service, if(s.team = '', 'unassigned', s.team) AS team, c.environment AS environment, c.kind AS kind, c.rollout AS rollout,
    concat(toString(toYear(c.at)), '-Q', toString(toQuarter(c.at))) AS quarter,
    toInt64(countIf(NOT c.young)) AS changes,
    toInt64(countIf(c.young)) AS too_young,
    toInt64(countIf(NOT c.young AND c.ending_told)) AS ending_told,
    failed.1, failed.2, failed.3, failed.4, failed.5, failed.6
FROM
(
    SELECT n.service AS service, n.environment AS environment, n.kind AS kind, n.rollout AS rollout, n.finished_at AS finished_at,
        n.change_id AS change_id,
        fromUnixTimestamp64Milli(n.finished_at, 'UTC') AS at,
        n.finished_at > @as_of - @window AS young,
        n.rolled_back_at != 0 AND n.rolled_back_at < @as_of AS rolled_back,
        b.change_id != '' AND b.since < @as_of AS blamed,
        if(rolled_back, n.rolled_back_at, if(blamed, b.undone_at, 0)) AS undone_at,
        n.outcome != '' OR rolled_back OR blamed AS ending_told,
        multiIf(n.outcome = 'failed', 'outcome', rolled_back, 'rolled_back', blamed, b.link, '') AS why,
        -- As in the view failure_told.
        multiIf(net.contained = 'no', 'escaped', net.contained = 'yes' OR net.contained_by != '', 'contained',
            n.automatic_rollback = 'yes' OR n.kind = 'flag' OR n.rollout IN ('canary', 'blue-green'), 'contained', 'uncontained') AS containment
    FROM change_state AS n
    LEFT JOIN change_net AS net ON net.entity = n.change_id
    LEFT JOIN change_blamed AS b ON b.change_id = n.change_id
    WHERE n.finished_at < @as_of AND n.outcome != 'cancelled'
) AS c
LEFT JOIN service AS s ON s.name = c.service
GROUP BY service, team, environment, kind, rollout, quarter
ORDER BY quarter, service, environment, kind, rollout
