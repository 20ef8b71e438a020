SELECT run, sequence, change_base, change_delta, incident_base, incident_delta, joined, configured FROM fold_run_current
