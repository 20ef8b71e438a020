-- Costs with the failure that they are of, and with the first cost that superseded
-- each: '' and 0 unknown.
--
-- A cost can be superseded only by one that was recorded after it. So of costs that
-- supersede each other in a circle the one recorded last always counts, and one that
-- names itself does: a circle cannot make money vanish. One that is retracted
-- supersedes nothing, and what it had superseded counts again.
--
-- A cost of an incident that was merged into another, or that doubles another, is a
-- cost of that one.
CREATE OR REPLACE VIEW cost_state AS
SELECT
    c.*,
    multiIf(i.duplicate_of != '', i.duplicate_of, m.into != '', m.into, c.failure_told) AS failure,
    s.superseded_by AS superseded_by, s.superseded_at AS superseded_at
FROM cost_told AS c
LEFT JOIN
(
    SELECT a.cost_id AS cost_id, argMin(b.cost_id, b.recorded) AS superseded_by, min(b.recorded_at) AS superseded_at
    FROM cost_told AS a
    INNER JOIN cost_told AS b ON b.supersedes = a.cost_id
    WHERE b.recorded > a.recorded
    GROUP BY a.cost_id
) AS s ON s.cost_id = c.cost_id
LEFT JOIN
(
    SELECT e.entity AS incident_id, argMaxIf(JSONExtractString(e.attributes, 'mergedInto'), e.ord, JSONHas(e.attributes, 'mergedInto')) AS into
    FROM event AS e WHERE e.kind = 'incident' AND e.predicate = 'retracted' GROUP BY e.entity
) AS m ON m.incident_id = c.failure_told
LEFT JOIN (SELECT incident_id, duplicate_of FROM incident_told) AS i ON i.incident_id = if(m.into = '', c.failure_told, m.into)
