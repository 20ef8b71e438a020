-- What each estimate of the newest finished run counted: one row for each entity. role
-- is event, censored or population; kind and entity name a row of the view of that
-- kind, so every number leads to the failures behind it.
CREATE OR REPLACE VIEW estimate_evidence AS
SELECT DISTINCT e.metric AS metric, e.scope_kind AS scope_kind, e.scope AS scope, e.window AS window, e.role AS role,
    e.kind AS kind, e.entity AS entity
FROM estimate_evidence_row AS e
WHERE e.run = (SELECT run FROM estimate_run_current)
