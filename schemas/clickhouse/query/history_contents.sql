-- What is recorded as of a moment, by the hash of its content.
SELECT metric, scope_kind, scope, window, content
FROM estimate_history_row
WHERE as_of = @as_of
ORDER BY configured DESC, input_events DESC, computed_at DESC, run DESC
LIMIT 1 BY metric, scope_kind, scope, window
