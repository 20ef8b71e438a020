-- Risks with the first incident of their mode, on their service or for any service
-- if they name none, that began after they were recorded; 0 and '' none. Whether it
-- was in time is for the reader: horizon_ends_at, 0 unknown.
CREATE OR REPLACE VIEW risk_state AS
SELECT r.*, m.next_incident.2 AS incident_id, m.next_incident.1 AS happened_at
FROM risk_told AS r
LEFT JOIN (SELECT id, next_incident FROM mode_met WHERE what = 'risk') AS m ON m.id = r.risk_id
