-- Changes that are a known cause of an incident: stated, or corroborated by
-- undoing them. since is when that was first to be known, in milliseconds; undone_at
-- when undoing it ended an incident first, 0 not known; of those stated it is known of
-- flags alone, as a deploy has its rollback.
--
-- The same as incident_change says of them, without the candidates that nothing but
-- time speaks for: only what was undone is joined.
CREATE OR REPLACE VIEW change_blamed AS
WITH
    (SELECT value FROM setting WHERE name = 'attribution_window_ms') AS within,
    (SELECT value FROM setting WHERE name = 'corroboration_slack_ms') AS slack
SELECT change_id, argMin(link, (known_at, link)) AS link, min(known_at) AS since, minIf(undone_ms, undone_ms != 0) AS undone_at
FROM
(
    SELECT c.change_id AS change_id, 'stated' AS link, if(f.undone_at >= i.began_at AND i.ended_at != 0 AND f.undone_at <= i.ended_at + slack, f.undone_at, 0) AS undone_ms,
        i.began_at AS known_at
    FROM
    (
        SELECT incident_id, arrayJoin(links) AS link, multiIf(started_at != 0, started_at, detected_at != 0, detected_at, first_told_at) AS began_at,
            if(resolved_at != 0, resolved_at, mitigated_at) AS ended_at
        FROM incident_told
        WHERE planned != 'yes' AND duplicate_of = ''
    ) AS i
    INNER JOIN change_linked AS c ON c.link = i.link
    LEFT JOIN flag_undone AS f ON f.change_id = c.change_id

    UNION ALL

    SELECT c.change_id, 'corroborated', c.undone_at, greatest(i.began_at, c.undone_at)
    FROM
    (
        SELECT change_id, service, environment, finished_at, undone_at, least(if(started_at = 0, finished_at, started_at), finished_at) AS began_at,
            arrayJoin(range(
                toUInt64(greatest(intDiv(began_at, within), intDiv(finished_at, within) - 1000)), -- a thousand windows is no deploy
                toUInt64(intDiv(finished_at, within) + 1))) AS bucket
        FROM change_undone
        WHERE undone_at != 0
    ) AS c
    INNER JOIN
    (
        SELECT n.incident_id AS incident_id, n.environment AS environment, n.began_at AS began_at, n.ended_at AS ended_at,
            arrayJoin(n.reach) AS service,
            arrayJoin([toUInt64(intDiv(n.began_at, within)), toUInt64(greatest(intDiv(n.began_at, within), 1) - 1)]) AS bucket
        FROM incident_reach AS n
        WHERE n.ended_at != 0 AND n.incident_id GLOBAL NOT IN
        (
            -- Where a cause is stated, nothing else is asked.
            SELECT s.incident_id
            FROM (SELECT incident_id, arrayJoin(links) AS link FROM incident_told WHERE planned != 'yes' AND duplicate_of = '') AS s
            INNER JOIN change_linked AS l ON l.link = s.link
        )
    ) AS i ON i.service = c.service AND i.bucket = c.bucket
    WHERE c.began_at <= i.began_at AND c.finished_at >= i.began_at - within
        AND (i.environment = '' OR c.environment = '' OR i.environment = c.environment)
        AND c.undone_at >= i.began_at AND c.undone_at <= i.ended_at + slack
)
GROUP BY change_id
