-- Improvements of the system: one row each. Unknown is NULL. closed_at is when it was
-- first declared done, witnessed_closed_at when that was first to be seen, by which
-- estimators go, reopened_at when it was opened again and not closed since; unwitnessed closings come from files of the past and are taken as stated.
-- evidence_kind is what verified it.
CREATE OR REPLACE VIEW improvement AS
SELECT
    i.improvement_id AS improvement_id,
    nullIf(i.kind, '') AS kind,
    nullIf(i.service, '') AS service,
    nullIf(i.failure_mode, '') AS failure_mode,
    nullIf(i.from_failure, '') AS from_failure,
    {{moment "i.opened_at"}} AS opened_at,
    {{moment "i.due_at"}} AS due_at,
    {{moment "i.closed_at"}} AS closed_at,
    {{moment "i.witnessed_closed_at"}} AS witnessed_closed_at,
    {{moment "i.verified_at"}} AS verified_at,
    {{moment "i.abandoned_at"}} AS abandoned_at,
    nullIf(i.evidence_kind, '') AS evidence_kind,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(i.title, '') AS title,
    i.source AS source,
    i.imported AS imported,
    i.unwitnessed AS unwitnessed,
    {{moment "i.reopened_at"}} AS reopened_at
FROM improvement_state AS i
LEFT JOIN service AS s ON s.name = i.service
