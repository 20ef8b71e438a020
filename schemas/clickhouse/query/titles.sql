-- What people call an incident, by its id.
SELECT incident_id, assumeNotNull(title) FROM incident WHERE title IS NOT NULL ORDER BY incident_id
