-- What had shown a mode before an incident of it, and the improvement for the mode that
-- was closed and witnessed between, the first such; '' and 0 none. A near miss is told
-- of once more as next, with the first incident after it, or with incident_id '' where
-- none came: heeded by what was closed since.
CREATE OR REPLACE VIEW warning_heeded AS
SELECT
    w.kind AS kind, w.entity AS entity, w.at AS at, w.incident_id AS incident_id, w.began_at AS began_at,
    w.failure_mode AS failure_mode, w.service AS service,
    arraySort(arrayFilter(x -> x.3 IN ('', w.service) AND x.1 > w.at AND (w.began_at = 0 OR x.1 <= w.began_at), p.closings))[1] AS improvement,
    improvement.2 AS heeded_by,
    improvement.1 AS heeded_at
FROM
(
    SELECT failure_mode, service,
        arrayJoin(arrayFilter(x -> x.2 != '', if(what = 'incident',
            [('experiment', refuted.2, refuted.1, id, met_at), ('near_miss', near_miss.2, near_miss.1, id, met_at), ('risk', risk.2, risk.1, id, met_at)],
            [('next', id, met_at, next_incident.2, next_incident.1)]))) AS pair,
        pair.1 AS kind, pair.2 AS entity, pair.3 AS at, pair.4 AS incident_id, pair.5 AS began_at
    FROM (SELECT what, id, failure_mode, service, at AS met_at, refuted, near_miss, risk, next_incident FROM mode_met)
    WHERE what IN ('incident', 'near_miss')
) AS w
LEFT JOIN
(
    SELECT failure_mode, groupArray((witnessed_closed_at, improvement_id, service)) AS closings
    FROM improvement_state WHERE closed_at != 0 AND failure_mode != ''
    GROUP BY failure_mode
) AS p ON p.failure_mode = w.failure_mode
