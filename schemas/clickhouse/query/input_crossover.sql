-- The case-crossover: was there a change in the window before an incident, and in
-- the same window one to four weeks earlier. Past weeks only, and only those in
-- which the service was already being changed.
--
-- A change that began at b and finished at f lay in the window before every moment
-- from b to f + window. Changes that follow each other closely make one such
-- stretch, so that there are few of them, and the last to begin before a moment
-- tells whether any holds it: it carries the latest end of all before it.
WITH
    604800000 AS week,
    arrayFilter(k -> i.began_at - k * week - @window >= f.first_at, range(1, 5)) AS observed,
    stretches AS
    (
        SELECT service, environment, stretch.1 AS opens_at, stretch.2 AS closes_at
        FROM
        (
            -- Sorted and cut as lists of a service: as windows over all rows it takes twice as long.
            SELECT service, environment,
                arraySort(groupArray((finished_at, least(if(started_at = 0, finished_at, started_at), finished_at)))) AS told,
                arrayPushFront(arrayPopBack(told.1), toInt64(-@window - 1)) AS before,
                arraySplit((change, ended) -> change.2 > ended + @window, told, before) AS runs
            FROM change_state WHERE finished_at < @as_of
            GROUP BY service, environment
        )
        ARRAY JOIN arrayMap(run -> (arrayMin(run.2), arrayMax(run.1) + @window), runs) AS stretch
    )
SELECT
    i.incident_id, i.service, i.team, i.began_at,
    has(h.weeks, 0) AS exposed,
    if(references = 0, 0, length(arrayFilter(k -> has(h.weeks, k), observed)) / references) AS reference_share,
    toInt64(length(observed)) AS references
FROM
(
    SELECT * FROM incident_state WHERE began_at < @as_of AND planned != 'yes' AND duplicate_of = '' AND service != ''
) AS i
LEFT JOIN
(
    SELECT r.incident_id AS incident_id, groupUniqArray(r.k) AS weeks
    FROM
    (
        -- An unknown environment matches any.
        SELECT incident_id, arrayJoin(if(environment = '', ['any'], ['unknown', concat('in ', environment)])) AS place,
            arrayJoin(range(5)) AS k, began_at - k * week AS at, arrayJoin(reach) AS service
        FROM incident_reach
        WHERE began_at >= 4 * week AND began_at < @as_of
    ) AS r
    ASOF INNER JOIN
    (
        SELECT service, place, opens_at, max(closes_at) OVER (PARTITION BY service, place ORDER BY opens_at) AS closes_at
        FROM
        (
            SELECT toString(service) AS service, arrayJoin(['any', if(environment = '', 'unknown', concat('in ', environment))]) AS place, opens_at, closes_at
            FROM stretches
        )
    ) AS c ON c.service = r.service AND c.place = r.place AND r.at >= c.opens_at
    WHERE c.closes_at >= r.at
    GROUP BY r.incident_id
) AS h ON h.incident_id = i.incident_id
LEFT JOIN (SELECT service, min(finished_at) AS first_at FROM change_state WHERE finished_at < @as_of GROUP BY service) AS f ON f.service = i.service
ORDER BY i.began_at, i.incident_id
