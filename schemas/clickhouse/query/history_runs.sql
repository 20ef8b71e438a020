-- Every moment that is recorded, and what it was computed from last.
SELECT as_of, content
FROM estimate_history_run
ORDER BY as_of, configured DESC, input_events DESC, computed_at DESC, run DESC
LIMIT 1 BY as_of
