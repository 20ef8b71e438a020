SELECT r.run, r.sequence, r.change_base, r.change_delta, r.incident_base, r.incident_delta, r.joined, r.state_base, r.state_delta, r.incident_state
FROM fold_run AS r
ORDER BY r.sequence DESC, r.run DESC
LIMIT 1000
