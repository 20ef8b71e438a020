-- Post-mortems: one row each, as last published or amended. Unknown is NULL.
-- blameless_check is what the author stated, else what tuition found; blameless_found and
-- blameless_findings (kind → number) are what tuition found in the last text published.
CREATE OR REPLACE VIEW postmortem AS
SELECT
    p.postmortem_id AS postmortem_id,
    p.incidents AS incidents,
    {{moment "p.first_published_at"}} AS published_at,
    if(p.revision < 0, NULL, toInt64(p.revision)) AS revision,
    p.cause_categories AS cause_categories,
    p.contributing_factors AS contributing_factors,
    p.surprises AS surprises,
    nullIf(p.blameless_check, '') AS blameless_check,
    nullIf(p.blameless_found, '') AS blameless_found,
    p.blameless_findings AS blameless_findings,
    nullIf(p.title, '') AS title,
    nullIf(p.uri, '') AS uri,
    p.source AS source,
    p.imported AS imported
FROM postmortem_state AS p
