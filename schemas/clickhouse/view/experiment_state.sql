-- Experiments: '' and 0 unknown, money -1 unknown. One is a safety net by itself,
-- so that what it met was contained, unless it is told to have got out.
CREATE OR REPLACE VIEW experiment_state AS
WITH {{aliases}}
SELECT
    t.experiment_id AS experiment_id,
    transform(t.service_told, known, names, t.service_told) AS service,
    arrayDistinct(arrayMap(name -> transform(name, known, names, name), t.services_told)) AS services,
    if(t.contained = 'no', 'escaped', 'contained') AS containment,
    t.* EXCEPT (experiment_id, service_told, services_told)
FROM
(
    SELECT
        e.entity AS experiment_id,
        {{latest "service"}} AS service_told,
        {{latest "services"}} AS services_told,
        {{latest "environment"}} AS environment,
        {{latest "failure_mode"}} AS failure_mode,
        {{latest "contained"}} AS contained,
        {{latest "contained_by"}} AS contained_by,
        if(countIf({{states "blast_radius"}}) = 0, nan, {{latest "blast_radius"}}) AS blast_radius,
        {{corrected "started_at" "minIf(e.started_at, e.started_at != 0 AND NOT e.amends)"}} AS started_at,
        if(countIf(e.amends AND e.finished_at != 0) > 0, argMaxIf(e.finished_at, e.told, e.amends AND e.finished_at != 0),
            maxIf(if(e.finished_at != 0, e.finished_at, e.occurred_at), NOT e.amends)) AS finished_at,
        {{word "kind"}} AS kind,
        {{word "hypothesis"}} AS hypothesis,
        {{word "verdict"}} AS verdict,
        {{word "title"}} AS title,
        argMaxIf((JSONExtractString(e.attributes, 'lossAvoided', 'currency'),
            ifNull(JSONExtract(e.attributes, 'lossAvoided', 'low', 'Nullable(Float64)'), -1),
            ifNull(JSONExtract(e.attributes, 'lossAvoided', 'likely', 'Nullable(Float64)'), -1),
            ifNull(JSONExtract(e.attributes, 'lossAvoided', 'high', 'Nullable(Float64)'), -1)), e.told, JSONHas(e.attributes, 'lossAvoided')) AS loss,
        loss.1 AS loss_currency,
        if(loss_currency = '', -1, loss.2) AS loss_low,
        if(loss_currency = '', -1, loss.3) AS loss_likely,
        if(loss_currency = '', -1, loss.4) AS loss_high,
        argMinIf(toString(e.source), e.ord, NOT e.amends) AS source,
        argMax(e.imported, e.first_received) AS imported
    FROM {{events "experiment"}}
    GROUP BY e.entity
    HAVING {{exists}}
) AS t
