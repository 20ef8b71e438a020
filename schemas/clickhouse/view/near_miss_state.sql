-- Near misses: '' and 0 unknown.
CREATE OR REPLACE VIEW near_miss_state AS
WITH {{aliases}}
SELECT
    t.near_miss_id AS near_miss_id,
    transform(t.service_told, known, names, t.service_told) AS service,
    arrayDistinct(arrayMap(name -> transform(name, known, names, name), t.services_told)) AS services,
    t.* EXCEPT (near_miss_id, service_told, services_told)
FROM
(
    SELECT
        e.entity AS near_miss_id,
        {{latest "service"}} AS service_told,
        {{latest "services"}} AS services_told,
        {{latest "environment"}} AS environment,
        {{latest "failure_mode"}} AS failure_mode,
        minIf(e.occurred_at, NOT e.amends) AS happened_at,
        {{word "avertedBy"}} AS averted_by,
        {{word "title"}} AS title,
        argMinIf(toString(e.source), e.ord, NOT e.amends) AS source,
        argMax(e.imported, e.first_received) AS imported
    FROM {{events "near_miss"}}
    GROUP BY e.entity
    HAVING {{exists}}
) AS t
