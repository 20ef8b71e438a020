-- Join 2: failures of a mode that its service had met before, after an earlier one
-- ended: the one that had ended last by then. What lasts at that time, or was never
-- told to have ended, hides nothing: only while no earlier one has ended is the next
-- sign of the mode the same failure, and no recurrence. So what happens later changes
-- nothing of it. Drills and duplicates are left out.
--
-- repeat: an improvement for the mode was declared closed before it. known_open:
-- one was open. unaddressed: neither. The improvement is for the service, or for
-- no service in particular.
CREATE OR REPLACE VIEW recurrence AS
SELECT
    f.incident_id AS incident_id,
    f.earlier_incident_id AS earlier_incident_id,
    multiIf(i.closed, 'repeat', i.open, 'known_open', 'unaddressed') AS class,
    intDiv(f.began_at - f.earlier_ended_at, 1000) AS gap_seconds,
    f.service AS service,
    f.failure_mode AS failure_mode,
    {{moment "f.began_at"}} AS began_at,
    (i.closed AND i.open)::Bool AS also_open,
    (NOT i.closed AND NOT i.open AND i.abandoned)::Bool AS abandoned
FROM
(
    SELECT incident_id, service, failure_mode, began_at, earlier.3 AS earlier_incident_id, earlier.1 AS earlier_ended_at
    FROM
    (
        -- Beginnings and ends lie on one line of time. What ends at a moment does so
        -- before anything begins there, unless it began there itself.
        SELECT *, max(if(ends, (ended_at, began_at, incident_id), (toInt64(0), toInt64(0), ''))) OVER
            (PARTITION BY service, failure_mode ORDER BY at, at = began_at, incident_id, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
        FROM
        (
            SELECT incident_id, service, failure_mode, began_at, ended_at,
                arrayJoin(if(ended_at = 0, [false], [false, true])) AS ends, if(ends, greatest(ended_at, began_at), began_at) AS at
            FROM incident_state
            WHERE service != '' AND failure_mode != '' AND planned != 'yes' AND duplicate_of = ''
        )
    )
    WHERE NOT ends
) AS f
LEFT JOIN
(
    SELECT n.incident_id AS incident_id,
        max(p.closed_at != 0 AND p.witnessed_closed_at <= n.began_at) AS closed,
        max(p.opened_at != 0 AND p.opened_at <= n.began_at AND (p.closed_at = 0 OR p.witnessed_closed_at > n.began_at OR p.reopened_at != 0 AND p.reopened_at <= n.began_at)
            AND (p.abandoned_at = 0 OR p.abandoned_at > n.began_at)) AS open,
        max(p.abandoned_at != 0 AND p.abandoned_at <= n.began_at) AS abandoned
    FROM incident_state AS n
    INNER JOIN improvement_state AS p ON p.failure_mode = n.failure_mode
    WHERE n.failure_mode != '' AND p.service IN ('', n.service)
    GROUP BY n.incident_id
) AS i ON i.incident_id = f.incident_id
WHERE f.earlier_incident_id != ''
