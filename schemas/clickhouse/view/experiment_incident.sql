-- Join 4: experiments and the incidents of the modes that they tried, on their
-- services. relation:
--   forewarned    refuted before the incident: it had been seen; of several the last
--   missed        held before the incident: it had been thought safe; of several the last
--   verification  tried after the incident, the last one before it; verdict says what it showed
--   prevented     refuted, and no incident of the mode before or since; incident_id is NULL
CREATE OR REPLACE VIEW experiment_incident AS
SELECT
    p.1 AS experiment_id, nullIf(p.2, '') AS incident_id, p.3 AS relation, p.4 AS verdict,
    nullIf(m.service, '') AS service, m.failure_mode AS failure_mode,
    {{moment "p.5"}} AS finished_at, {{moment "p.6"}} AS began_at,
    if(p.6 = 0, NULL, intDiv(p.6 - p.5, 1000)) AS gap_seconds
FROM
(
    SELECT failure_mode, service,
        arrayJoin(arrayFilter(x -> x.1 != '' AND x.3 != '', if(what = 'incident',
            [(refuted.2, id, 'forewarned', 'refuted', refuted.1, at), (held.2, id, 'missed', 'held', held.1, at)],
            [(id, incident.2, multiIf(incident.2 != '', 'verification', what = 'refuted' AND next_incident.2 = '', 'prevented', ''), what, at, incident.1)]))) AS p
    FROM mode_met WHERE what IN ('incident', 'refuted', 'held')
) AS m
