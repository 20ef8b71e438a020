-- The regression watch of the newest finished run: one row for each scope, thing
-- watched, clock and week, and one at as_of (latest). evidence and improvement are
-- e-values (of a stated target, Shiryaev–Roberts), to be held against bar; NULL
-- where the state does not allow a figure. before and since count failures and
-- exposure before the watch's year and in it. crossed_at is when the evidence
-- reached the bar on this clock, alarm_since when it did on every clock that can be
-- read. alarm stays 1 once a run has raised it (raised_at), to the end of the year that
-- it was raised in as that run had it, though later events may have changed what
-- alarm_since says, or where years begin; the reading then says so.
CREATE OR REPLACE VIEW watch AS
WITH arraySort(arrayFilter(a -> w.at >= a.4 AND w.at <= a.5, r.alarms))[1] AS raised
SELECT DISTINCT
    w.scope_kind AS scope_kind, w.scope AS scope, w.what AS what, w.clock AS clock,
    fromUnixTimestamp64Milli(w.at, 'UTC') AS at, w.latest AS latest, w.method AS method,
    fromUnixTimestamp64Milli(w.year_from, 'UTC') AS year_from,
    if(isNaN(w.evidence), NULL, w.evidence) AS evidence,
    if(isNaN(w.better), NULL, w.better) AS improvement,
    if(isFinite(w.bar) AND w.bar > 0, w.bar, NULL) AS bar,
    w.dispersion AS dispersion, w.n0 AS n_before, w.e0 AS exposure_before, w.n1 AS n_since, w.e1 AS exposure_since,
    w.state AS state, w.state_code AS state_code,
    if(w.crossed_at = 0, NULL, fromUnixTimestamp64Milli(w.crossed_at, 'UTC')) AS crossed_at,
    if(w.alarm_since = 0, NULL, fromUnixTimestamp64Milli(w.alarm_since, 'UTC')) AS alarm_since,
    if(w.better_since = 0, NULL, fromUnixTimestamp64Milli(w.better_since, 'UTC')) AS improved_since,
    if(raised.1 = 0, NULL, fromUnixTimestamp64Milli(raised.1, 'UTC')) AS raised_at,
    if(raised.1 = 0, NULL, raised.3) AS raised_evidence,
    if(raised.1 = 0, NULL, raised.2) AS raised_by,
    toUInt8(w.alarm_since != 0 OR raised.1 != 0) AS alarm,
    if(isNaN(w.doubling), NULL, w.doubling) AS power_doubling,
    if(isNaN(w.tripling), NULL, w.tripling) AS power_tripling,
    if(isNaN(w.delay), NULL, w.delay) AS delay_weeks,
    if(raised.1 = 0 OR w.alarm_since != 0, w.reading,
        concat('An alarm was raised on ', toString(toDate(fromUnixTimestamp64Milli(raised.1, 'UTC'))),
            ' and stays for the year; after later corrections: ', w.reading)) AS reading
FROM watch_row AS w
LEFT JOIN
(
    SELECT scope_kind, scope, what,
        groupArray((raised_at, run, evidence, crossed_at, year_from + 31449600000)) AS alarms -- 52 weeks
    FROM watch_alarm_first
    GROUP BY scope_kind, scope, what
) AS r ON r.scope_kind = w.scope_kind AND r.scope = w.scope AND r.what = w.what
WHERE w.run = (SELECT run FROM estimate_run_current)
