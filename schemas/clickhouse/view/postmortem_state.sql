-- Post-mortems: '' and 0 unknown.
CREATE OR REPLACE VIEW postmortem_state AS
SELECT
    e.entity AS postmortem_id,
    {{words "incidents"}} AS incidents,
    minIf(e.occurred_at, NOT e.amends) AS first_published_at,
    -- What stands for the time of publication where nobody told it.
    argMaxIf(JSONExtractString(e.attributes, 'labels', 'publishedFrom'), e.ord, JSONHas(e.attributes, 'labels', 'publishedFrom')) AS published_from,
    {{amount "revision"}} AS revision,
    {{words "causeCategories"}} AS cause_categories,
    {{words "contributingFactors"}} AS contributing_factors,
    {{words "surprises"}} AS surprises,
    {{word "blamelessCheck"}} AS blameless_check,
    {{word "blamelessFound"}} AS blameless_found,
    argMaxIf(JSONExtract(e.attributes, 'blamelessFindings', 'Map(String, UInt32)'), e.ord, JSONHas(e.attributes, 'blamelessFound')) AS blameless_findings,
    {{word "title"}} AS title,
    {{word "uri"}} AS uri,
    argMinIf(toString(e.source), e.ord, NOT e.amends) AS source,
    argMax(e.imported, e.first_received) AS imported
FROM {{events "postmortem"}}
GROUP BY e.entity
HAVING {{exists}}
