-- Risks as their events tell them: '' and 0 unknown, probability -1 unknown.
CREATE OR REPLACE VIEW risk_told AS
WITH {{aliases}}
SELECT
    t.risk_id AS risk_id,
    transform(t.service_told, known, names, t.service_told) AS service,
    if(t.horizon_days <= 0, 0, t.recorded_at + toInt64(t.horizon_days) * 86400000) AS horizon_ends_at,
    t.* EXCEPT (risk_id, service_told)
FROM
(
    SELECT
        e.entity AS risk_id,
        {{latest "service"}} AS service_told,
        {{latest "environment"}} AS environment,
        {{latest "failure_mode"}} AS failure_mode,
        minIf(e.occurred_at, NOT e.amends) AS recorded_at,
        {{amount "probability"}} AS probability,
        {{amount "horizonDays"}} AS horizon_days,
        {{word "title"}} AS title,
        argMinIf(toString(e.source), e.ord, NOT e.amends) AS source,
        argMax(e.imported, e.first_received) AS imported
    FROM {{events "risk"}}
    GROUP BY e.entity
    HAVING {{exists}}
) AS t
