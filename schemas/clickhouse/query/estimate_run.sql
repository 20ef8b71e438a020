SELECT run, as_of, input_events, computed_at FROM estimate_run_current
