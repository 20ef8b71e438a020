-- The run that the views show; no row before the first.
SELECT run FROM estimate_run_current
