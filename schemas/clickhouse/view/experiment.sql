-- Experiments: chaos, game days, A/B tests, staging, canaries; one row each. Unknown is NULL.
CREATE OR REPLACE VIEW experiment AS
SELECT
    x.experiment_id AS experiment_id,
    nullIf(x.kind, '') AS kind,
    nullIf(x.service, '') AS service,
    if(s.team = '', 'unassigned', s.team) AS team,
    nullIf(x.environment, '') AS environment,
    nullIf(x.failure_mode, '') AS failure_mode,
    nullIf(x.hypothesis, '') AS hypothesis,
    nullIf(x.verdict, '') AS verdict,
    x.containment AS containment,
    {{moment "x.started_at"}} AS started_at,
    {{moment "x.finished_at"}} AS finished_at,
    nullIf(x.loss_currency, '') AS loss_currency,
    nullIf(x.loss_low, -1) AS loss_low,
    nullIf(x.loss_likely, -1) AS loss_likely,
    nullIf(x.loss_high, -1) AS loss_high,
    nullIf(x.contained_by, '') AS contained_by,
    if(isNaN(x.blast_radius), NULL, x.blast_radius) AS blast_radius,
    x.services AS services,
    nullIf(x.title, '') AS title,
    x.source AS source,
    x.imported AS imported
FROM experiment_state AS x
LEFT JOIN service AS s ON s.name = x.service
