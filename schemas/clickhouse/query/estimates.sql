SELECT DISTINCT metric, scope_kind, scope, window, as_of, value, low, high, level, low50, high50, unit, n, events, exposure,
    censored, state, method, origin, verdict, reading, lacks
FROM estimate_row
WHERE run = @run
ORDER BY metric, scope_kind, scope, window
