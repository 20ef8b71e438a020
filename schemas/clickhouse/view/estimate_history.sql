-- Estimates as of every moment that was computed: the newest computation of each.
-- Newest is what was computed under the newest catalog, rules and settings and since
-- the last rebuild, then what folded the most events, then what was computed last.
CREATE OR REPLACE VIEW estimate_history AS
SELECT
    h.metric AS metric, h.scope_kind AS scope_kind, h.scope AS scope, h.window AS window,
    fromUnixTimestamp64Milli(h.as_of, 'UTC') AS as_of,
    fromUnixTimestamp64Milli(h.computed_at, 'UTC') AS computed_at,
    if(isNaN(h.value), NULL, h.value) AS value,
    if(isNaN(h.low), NULL, h.low) AS low,
    if(isNaN(h.high), NULL, h.high) AS high,
    h.level AS level,
    if(isNaN(h.low50), NULL, h.low50) AS low50,
    if(isNaN(h.high50), NULL, h.high50) AS high50,
    h.n AS n, h.exposure AS exposure, h.censored AS censored,
    h.state AS state, h.state_code AS state_code, h.method AS method, h.verdict AS verdict, h.reading AS reading,
    h.unit AS unit, h.events AS events, h.origin AS origin, h.lacks AS lacks, h.input_events AS input_events, h.run AS run
FROM
(
    SELECT * FROM estimate_history_row
    ORDER BY configured DESC, input_events DESC, computed_at DESC, run DESC
    LIMIT 1 BY metric, scope_kind, scope, window, as_of
) AS h
