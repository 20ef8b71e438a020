-- The snapshot that counts: the one finished last.
CREATE OR REPLACE VIEW fold_run_current AS
SELECT r.run AS run, r.sequence AS sequence, r.change_base AS change_base, r.change_delta AS change_delta,
    r.incident_base AS incident_base, r.incident_delta AS incident_delta, r.joined AS joined, r.configured AS configured,
    r.state_base AS state_base, r.state_delta AS state_delta, r.incident_state AS incident_state
FROM fold_run AS r
ORDER BY r.sequence DESC, r.run DESC
LIMIT 1
