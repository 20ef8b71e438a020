-- Costs as their events tell them: '' and 0 unknown, money -1 unknown.
CREATE OR REPLACE VIEW cost_told AS
SELECT
    e.entity AS cost_id,
    {{word "failure"}} AS failure_told,
    {{word "currency"}} AS currency,
    {{amount "low"}} AS low,
    {{amount "likely"}} AS likely,
    {{amount "high"}} AS high,
    {{words "covers"}} AS covers,
    {{word "method"}} AS method,
    {{word "supersedes"}} AS supersedes,
    {{word "title"}} AS title,
    minIf(e.ord, NOT e.amends) AS recorded,
    minIf(e.occurred_at, NOT e.amends) AS recorded_at,
    argMinIf(toString(e.source), e.ord, NOT e.amends) AS source,
    argMax(e.imported, e.first_received) AS imported
FROM {{events "cost"}}
GROUP BY e.entity
HAVING {{exists}}
