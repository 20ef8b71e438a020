-- Join 2: failures of a mode that its service had met before, after the earlier
-- one ended. While an earlier one has not ended, the next sign of it is the same
-- failure and no recurrence. Drills and duplicates are left out.
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
    SELECT incident_id, service, failure_mode, began_at, ended_at,
        max(if(ended_at = 0, 9223372036854775807, ended_at)) OVER earlier AS all_ended_at,
        lagInFrame(incident_id) OVER (PARTITION BY service, failure_mode ORDER BY began_at, incident_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS earlier_incident_id,
        lagInFrame(ended_at) OVER (PARTITION BY service, failure_mode ORDER BY began_at, incident_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS earlier_ended_at
    FROM incident_state
    WHERE service != '' AND failure_mode != '' AND planned != 'yes' AND duplicate_of = ''
    WINDOW earlier AS (PARTITION BY service, failure_mode ORDER BY began_at, incident_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
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
WHERE f.earlier_incident_id != '' AND f.all_ended_at <= f.began_at
