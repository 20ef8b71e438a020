-- Changes that are a known cause of an incident: stated, or corroborated by
-- undoing them. since is when that was first to be known, in milliseconds.
CREATE OR REPLACE VIEW change_blamed AS
SELECT change_id, argMin(link, (known_at, link)) AS link, min(known_at) AS since, min(undone_ms) AS undone_at
FROM
(
    SELECT c.change_id AS change_id, c.link AS link, ifNull(toUnixTimestamp64Milli(c.undone_at), 0) AS undone_ms,
        greatest(i.began_at, undone_ms) AS known_at
    FROM incident_change AS c
    INNER JOIN (SELECT incident_id, began_at FROM incident_state) AS i ON i.incident_id = c.incident_id
    WHERE c.link IN ('stated', 'corroborated')
)
GROUP BY change_id
