-- All that was ever said of one metric, scope and window, the latest as_of first
-- and of each as_of what holds first.
SELECT metric, scope_kind, scope, window, as_of, value, low, high, level, low50, high50, unit, n, events, exposure,
    censored, state, method, origin, verdict, reading, lacks, run, input_events, computed_at
FROM estimate_told
WHERE metric = @metric AND scope_kind = @scope_kind AND scope = @scope AND window = @window
ORDER BY as_of DESC, configured DESC, input_events DESC, computed_at DESC, run DESC
LIMIT @rows
