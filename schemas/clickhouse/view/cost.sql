-- What failures cost, one row for each estimate that somebody recorded. Only those
-- with superseded_by NULL count: see cost_state for how they supersede each other.
-- Unknown is NULL; a cost of a failure that nobody told of has no failure_kind.
CREATE OR REPLACE VIEW cost AS
SELECT
    c.cost_id AS cost_id,
    nullIf(c.failure, '') AS failure_id,
    nullIf(f.kind, '') AS failure_kind,
    nullIf(f.service, '') AS service,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(f.failure_mode, '') AS failure_mode,
    {{moment "f.at"}} AS failed_at,
    nullIf(c.currency, '') AS currency,
    nullIf(c.low, -1) AS low,
    nullIf(c.likely, -1) AS likely,
    nullIf(c.high, -1) AS high,
    c.covers AS covers,
    nullIf(c.method, '') AS method,
    {{moment "c.recorded_at"}} AS recorded_at,
    nullIf(c.supersedes, '') AS supersedes,
    nullIf(c.superseded_by, '') AS superseded_by,
    nullIf(c.title, '') AS title,
    c.source AS source,
    c.imported AS imported
FROM cost_state AS c
LEFT JOIN cost_failure AS f ON f.failure = c.failure
LEFT JOIN service AS s ON s.name = f.service
