-- The estimates of the newest finished run. A value that may not be read is NULL.
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
