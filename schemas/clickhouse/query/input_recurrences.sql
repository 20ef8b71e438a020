SELECT incident_id, earlier_incident_id, class, also_open, abandoned, gap_seconds
FROM recurrence
WHERE toUnixTimestamp64Milli(assumeNotNull(began_at)) < @as_of
ORDER BY began_at, incident_id
