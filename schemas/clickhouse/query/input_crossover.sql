-- The case-crossover: was there a change in the window before an incident, and in
-- the same window one to four weeks earlier. Past weeks only, and only those in
-- which the service was already being changed.
WITH
    604800000 AS week,
    arrayFilter(k -> i.began_at - k * week - @window >= f.first_at, range(1, 5)) AS observed
SELECT
    i.incident_id, i.service, i.team, i.began_at,
    has(h.weeks, 0) AS exposed,
    if(references = 0, 0, length(arrayFilter(k -> has(h.weeks, k), observed)) / references) AS reference_share,
    toInt64(length(observed)) AS references
FROM
(
    SELECT * FROM incident_state WHERE began_at <= @as_of AND planned != 'yes' AND duplicate_of = '' AND service != ''
) AS i
LEFT JOIN
(
    SELECT r.incident_id AS incident_id, groupUniqArray(r.k) AS weeks
    FROM
    (
        SELECT service, environment, finished_at, least(if(started_at = 0, finished_at, started_at), finished_at) AS began_at,
            arrayJoin(range(toUInt64(greatest(intDiv(began_at, @window), intDiv(finished_at, @window) - 1000)),
                toUInt64(intDiv(finished_at, @window) + 1))) AS bucket
        FROM change_state
    ) AS c
    INNER JOIN
    (
        SELECT incident_id, environment, arrayJoin(range(5)) AS k, began_at - k * week AS at, arrayJoin(reach) AS service,
            arrayJoin([toUInt64(intDiv(at, @window)), toUInt64(greatest(intDiv(at, @window), 1) - 1)]) AS bucket
        FROM incident_reach
        WHERE began_at >= 4 * week
    ) AS r ON r.service = c.service AND r.bucket = c.bucket
    WHERE c.began_at <= r.at AND c.finished_at >= r.at - @window
        AND (r.environment = '' OR c.environment = '' OR r.environment = c.environment)
    GROUP BY r.incident_id
) AS h ON h.incident_id = i.incident_id
LEFT JOIN (SELECT service, min(finished_at) AS first_at FROM change_state GROUP BY service) AS f ON f.service = i.service
ORDER BY i.began_at, i.incident_id
