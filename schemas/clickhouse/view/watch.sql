-- The regression watch of the newest finished run: one row for each scope, thing
-- watched, clock and week, and one at as_of (latest). evidence and improvement are
-- e-values (of a stated target, Shiryaev–Roberts), to be held against bar; NULL
-- where the state does not allow a figure. before and since count failures and
-- exposure before the watch's year and in it. crossed_at is when the evidence
-- reached the bar on this clock, alarm_since when it did on every clock that can be
-- read. alarm stays 1 to the year's end once a run has raised it (raised_at), though
-- later events may have changed what alarm_since says; the reading then says so.
CREATE OR REPLACE VIEW watch AS
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
    if(r.raised_at = 0 OR w.at < r.crossed_at, NULL, fromUnixTimestamp64Milli(r.raised_at, 'UTC')) AS raised_at,
    if(r.raised_at = 0 OR w.at < r.crossed_at, NULL, r.evidence) AS raised_evidence,
    if(r.raised_at = 0 OR w.at < r.crossed_at, NULL, r.run) AS raised_by,
    toUInt8(w.alarm_since != 0 OR r.raised_at != 0 AND w.at >= r.crossed_at) AS alarm,
    if(isNaN(w.doubling), NULL, w.doubling) AS power_doubling,
    if(isNaN(w.tripling), NULL, w.tripling) AS power_tripling,
    if(isNaN(w.delay), NULL, w.delay) AS delay_weeks,
    if(r.raised_at = 0 OR w.at < r.crossed_at OR w.alarm_since != 0, w.reading,
        concat('An alarm was raised on ', toString(toDate(fromUnixTimestamp64Milli(r.raised_at, 'UTC'))),
            ' and stays for the year; after later corrections: ', w.reading)) AS reading
FROM watch_row AS w
LEFT JOIN watch_alarm_first AS r ON r.scope_kind = w.scope_kind AND r.scope = w.scope AND r.what = w.what AND r.year_from = w.year_from
WHERE w.run = (SELECT run FROM estimate_run_current)
