-- Join 1: the changes that may have caused each incident.
--
-- Stated links win. Else the candidates are the deploys and flags of the affected
-- services, or of services that they directly depend on, in the same environment
-- (an unknown one matches any, flagged), under way or finished within the
-- attribution window before the incident began. All are kept: rank 1 is the
-- nearest, weight is 1/m. corroborated: undoing the change ended the incident, which
-- undone_at tells of a stated flag too.
--
-- The candidates meet by an equi-join on service and a bucket of time as wide as
-- the window, so that it costs seconds and not minutes.
CREATE OR REPLACE VIEW incident_change AS
WITH
    (SELECT value FROM setting WHERE name = 'attribution_window_ms') AS within,
    (SELECT value FROM setting WHERE name = 'corroboration_slack_ms') AS slack
SELECT incident_id, c.change_id AS change_id, c.rank AS rank, c.link AS link, 1 / m AS weight,
    intDiv(c.lag_ms, 1000) AS lag_seconds, c.environment_unknown AS environment_unknown,
    {{moment "c.undone_at"}} AS undone_at, m
FROM
(
    SELECT incident_id,
        arraySort(groupUniqArray((if(is_stated, 0, 1), lag_ms, change_id, undone_at, environment_unknown))) AS found,
        arrayFilter(x -> x.1 = found[1].1, found) AS candidates,
        length(candidates) AS m,
        arrayJoin(arrayMap((x, rank) -> (x.3, rank, multiIf(x.1 = 0, 'stated', x.4 != 0, 'corroborated', 'inferred'), x.2, x.4, x.5),
            candidates, arrayEnumerate(candidates)))
            ::Tuple(change_id String, rank UInt32, link String, lag_ms Int64, undone_at Int64, environment_unknown Bool) AS c
    FROM
    (
        SELECT i.incident_id AS incident_id, false AS is_stated, greatest(i.began_at - c.finished_at, 0) AS lag_ms,
            c.change_id AS change_id,
            if(c.undone_at >= i.began_at AND i.ended_at != 0 AND c.undone_at <= i.ended_at + slack, c.undone_at, 0) AS undone_at,
            i.environment = '' OR c.environment = '' AS environment_unknown
        FROM
        (
            SELECT change_id, service, environment, finished_at, undone_at, least(if(started_at = 0, finished_at, started_at), finished_at) AS began_at,
                arrayJoin(range(
                    toUInt64(greatest(intDiv(began_at, within), intDiv(finished_at, within) - 1000)), -- a thousand windows is no deploy
                    toUInt64(intDiv(finished_at, within) + 1))) AS bucket
            FROM change_undone
        ) AS c
        INNER JOIN
        (
            SELECT n.incident_id AS incident_id, n.environment AS environment, n.began_at AS began_at, n.ended_at AS ended_at,
                arrayJoin(n.reach) AS service,
                arrayJoin([toUInt64(intDiv(n.began_at, within)), toUInt64(greatest(intDiv(n.began_at, within), 1) - 1)]) AS bucket
            FROM incident_reach AS n
        ) AS i ON i.service = c.service AND i.bucket = c.bucket
        WHERE c.began_at <= i.began_at AND c.finished_at >= i.began_at - within
            AND (i.environment = '' OR c.environment = '' OR i.environment = c.environment)

        UNION ALL

        SELECT i.incident_id, true, greatest(i.began_at - c.finished_at, 0), c.change_id,
            if(f.undone_at >= i.began_at AND i.ended_at != 0 AND f.undone_at <= i.ended_at + slack, f.undone_at, 0) AS undone_at,
            i.environment = '' OR c.environment = '' AS environment_unknown
        FROM
        (
            SELECT incident_id, environment, arrayJoin(links) AS link,
                multiIf(started_at != 0, started_at, detected_at != 0, detected_at, first_told_at) AS began_at,
                if(resolved_at != 0, resolved_at, mitigated_at) AS ended_at
            FROM incident_told
            WHERE planned != 'yes' AND duplicate_of = ''
        ) AS i
        INNER JOIN change_linked AS c ON c.link = i.link
        LEFT JOIN flag_undone AS f ON f.change_id = c.change_id
    )
    GROUP BY incident_id
)
