-- Post-mortems: one row each, as last published or amended. Unknown is NULL.
CREATE OR REPLACE VIEW postmortem AS
SELECT
    e.entity AS postmortem_id,
    argMaxIf(JSONExtract(e.attributes, 'incidents', 'Array(String)'), e.told, JSONHas(e.attributes, 'incidents')) AS incidents,
    {{moment "minIf(e.occurred_at, NOT e.amends)"}} AS published_at,
    argMaxIf(JSONExtract(e.attributes, 'revision', 'Nullable(Int64)'), e.told, JSONHas(e.attributes, 'revision')) AS revision,
    argMaxIf(JSONExtract(e.attributes, 'causeCategories', 'Array(String)'), e.told, JSONHas(e.attributes, 'causeCategories')) AS cause_categories,
    argMaxIf(JSONExtract(e.attributes, 'contributingFactors', 'Array(String)'), e.told, JSONHas(e.attributes, 'contributingFactors')) AS contributing_factors,
    argMaxIf(JSONExtract(e.attributes, 'surprises', 'Array(String)'), e.told, JSONHas(e.attributes, 'surprises')) AS surprises,
    nullIf(argMaxIf(JSONExtractString(e.attributes, 'blamelessCheck'), e.told, JSONHas(e.attributes, 'blamelessCheck')), '') AS blameless_check,
    nullIf(argMaxIf(JSONExtractString(e.attributes, 'title'), e.told, JSONHas(e.attributes, 'title')), '') AS title,
    nullIf(argMaxIf(JSONExtractString(e.attributes, 'uri'), e.told, JSONHas(e.attributes, 'uri')), '') AS uri,
    argMin(toString(e.source), e.ord) AS source,
    argMax(e.imported, e.first_received) AS imported
FROM
(
    SELECT
        e.*,
        e.first_received,
        e.predicate = 'amended' AS amends,
        if(amends, bitOr(e.ord, bitShiftLeft(toUInt128(1), 127)), e.ord) AS told
    FROM event AS e
    WHERE e.kind = 'postmortem'
) AS e
GROUP BY e.entity
HAVING countIf(e.predicate = 'retracted') = 0 AND countIf(e.predicate NOT IN ('amended', 'retracted')) > 0
