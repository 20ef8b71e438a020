-- Incidents and changes to which something happened at the moment or later: only
-- these are not what all their events fold to.
SELECT DISTINCT entity FROM event
WHERE kind IN ('incident', 'change') AND occurred_at >= @as_of AND predicate NOT IN ('amended', 'retracted')
