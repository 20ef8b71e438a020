-- How the past was corrected: every computation that changed what was said of a
-- moment, with what was said before and when. current marks what holds now.
CREATE OR REPLACE VIEW estimate_revision AS
SELECT
    r.metric AS metric, r.scope_kind AS scope_kind, r.scope AS scope, r.window AS window,
    fromUnixTimestamp64Milli(r.as_of, 'UTC') AS as_of,
    if(isNaN(r.value), NULL, r.value) AS value,
    if(isNaN(r.low), NULL, r.low) AS low,
    if(isNaN(r.high), NULL, r.high) AS high,
    r.n AS n, r.state AS state,
    fromUnixTimestamp64Milli(r.computed_at, 'UTC') AS computed_at,
    if(isNaN(r.before.1), NULL, r.before.1) AS previous_value,
    if(isNaN(r.before.2), NULL, r.before.2) AS previous_low,
    if(isNaN(r.before.3), NULL, r.before.3) AS previous_high,
    r.before.4 AS previous_n, r.before.5 AS previous_state,
    fromUnixTimestamp64Milli(r.before.6, 'UTC') AS previous_computed_at,
    arrayFilter(name -> name != '', [
        if(state != previous_state, 'state', ''),
        if(toString(r.value) != toString(r.before.1), 'value', ''),
        if(toString(r.low) != toString(r.before.2) OR toString(r.high) != toString(r.before.3), 'interval', ''),
        if(n != previous_n, 'n', ''),
        if(r.reading != r.before.7, 'reading', '')]) AS changed,
    (r.revision = r.revisions)::Bool AS current,
    r.reading AS reading, r.before.7 AS previous_reading, r.unit AS unit
FROM
(
    SELECT *,
        lagInFrame((value, low, high, n, toString(state), computed_at, reading)) OVER (PARTITION BY metric, scope_kind, scope, window, as_of
            ORDER BY configured, input_events, computed_at, run ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before,
        row_number() OVER (PARTITION BY metric, scope_kind, scope, window, as_of
            ORDER BY configured, input_events, computed_at, run ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS revision,
        count() OVER (PARTITION BY metric, scope_kind, scope, window, as_of) AS revisions
    FROM estimate_told
) AS r
WHERE r.revision > 1
