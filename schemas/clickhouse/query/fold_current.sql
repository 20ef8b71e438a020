SELECT run, sequence, change_base, change_delta, incident_base, incident_delta, joined, configured, state_base, state_delta, incident_state FROM fold_run_current
