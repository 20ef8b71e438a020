-- The estimates of the newest finished run: one row for each metric, scope and window.
-- scope_kind is organisation, team, service, environment or failure_mode, scope its
-- name ('' for the organisation); window is all or a quarter such as 2026-Q3. value is
-- in unit, with the interval of level low to high and that of 50 % low50 to high50;
-- NULL where it may not be read, inf where an interval has no upper end. n is what was
-- counted, events how many of those were the event of interest, exposure what they
-- were counted over, censored how many are unfinished. state is ok, insufficient (lacks
-- more of n are needed, 0 if it lacks something else) or assumption_failed; state_code
-- 0, 1, 2. origin is measured, modelled or stated. verdict is better, worse or '': only
-- at the close of a quarter. reading says all this in a sentence.
CREATE OR REPLACE VIEW estimate AS
SELECT DISTINCT
    e.metric AS metric, e.scope_kind AS scope_kind, e.scope AS scope, e.window AS window,
    fromUnixTimestamp64Milli(e.as_of, 'UTC') AS as_of,
    if(isNaN(e.value), NULL, e.value) AS value,
    if(isNaN(e.low), NULL, e.low) AS low,
    if(isNaN(e.high), NULL, e.high) AS high,
    e.level AS level,
    if(isNaN(e.low50), NULL, e.low50) AS low50,
    if(isNaN(e.high50), NULL, e.high50) AS high50,
    e.n AS n,
    e.exposure AS exposure,
    e.censored AS censored,
    e.state AS state, e.state_code AS state_code, e.method AS method, e.verdict AS verdict, e.reading AS reading,
    e.unit AS unit, e.events AS events, e.origin AS origin,
    e.lacks AS lacks
FROM estimate_row AS e
WHERE e.run = (SELECT run FROM estimate_run_current)
