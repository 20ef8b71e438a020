-- Incidents as their events tell them: '' and 0 unknown, names as the tools have them.
CREATE OR REPLACE VIEW incident_told AS
SELECT * EXCEPT (key, rows_hash, is_incident) FROM incident_entity WHERE is_incident
