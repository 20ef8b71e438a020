-- Monitoring gaps, and when later incidents of their mode proved or reopened them:
-- '' and 0 unknown. Failure mode and service are inherited from the incident in
-- which the gap showed where none is stated.
CREATE OR REPLACE VIEW monitoring_gap_state AS
WITH
    {{aliases}},
    told AS
    (
        SELECT
            e.entity AS gap_id,
            {{latest "service"}} AS service_told,
            {{latest "failure_mode"}} AS failure_mode_told,
            {{latest "environment"}} AS environment,
            {{word "title"}} AS title,
            {{word "incident"}} AS incident_id,
            {{word "improvement"}} AS improvement_id,
            minIf(e.occurred_at, e.predicate = 'found') AS found_at,
            -- Found again after it was closed: open. Of one millisecond finding it was first.
            if(maxIf(e.occurred_at, e.predicate = 'closed') >= maxIf(e.occurred_at, e.predicate = 'found'), maxIf(e.occurred_at, e.predicate = 'closed'), 0) AS closed_at,
            argMin(toString(e.source), e.ord) AS source,
            argMax(e.imported, e.first_received) AS imported
        FROM {{events "monitoring_gap"}}
        GROUP BY e.entity
        HAVING {{exists}}
    ),
    gaps AS
    (
        SELECT t.*,
            if(t.service_told != '', transform(t.service_told, known, names, t.service_told), f.service) AS service,
            if(t.failure_mode_told != '', t.failure_mode_told, f.failure_mode) AS failure_mode
        FROM told AS t
        LEFT JOIN (SELECT n.incident_id AS from_incident, n.service AS service, n.failure_mode AS failure_mode FROM incident_named AS n) AS f
            ON f.from_incident = t.incident_id
    )
SELECT g.gap_id AS gap_id, g.service AS service, g.failure_mode AS failure_mode, g.environment AS environment, g.title AS title,
    g.incident_id AS incident_id, g.improvement_id AS improvement_id, g.found_at AS found_at, g.closed_at AS closed_at,
    g.source AS source, g.imported AS imported, a.proven_at AS proven_at, a.reopened_at AS reopened_at
FROM gaps AS g
LEFT JOIN
(
    SELECT c.gap_id AS gap_id,
        minIf(n.began_at, n.detection_source = 'monitoring') AS proven_at,
        minIf(n.began_at, n.detection_source = 'customer') AS reopened_at
    FROM gaps AS c
    INNER JOIN incident_state AS n ON n.failure_mode = c.failure_mode
    WHERE c.closed_at != 0 AND c.failure_mode != '' AND c.service IN ('', n.service)
        AND n.began_at > c.closed_at AND n.planned != 'yes' AND n.duplicate_of = ''
    GROUP BY c.gap_id
) AS a ON a.gap_id = g.gap_id
