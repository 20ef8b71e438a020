-- The estimates as of one moment.
SELECT metric, scope_kind, scope, window, as_of, value, low, high, level, low50, high50, unit, n, events, exposure,
    censored, state, method, origin, verdict, reading, lacks, run, input_events, computed_at
FROM
(
    SELECT * FROM estimate_history_row
    WHERE as_of = @as_of
    ORDER BY configured DESC, input_events DESC, computed_at DESC, run DESC
    LIMIT 1 BY metric, scope_kind, scope, window
)
ORDER BY metric, scope_kind, scope, window
