-- What each estimate of the newest finished run counted: one row for each entity. role
-- is event, censored or population; kind and entity name a row of the view of that
-- kind, so every number leads to the failures behind it.
CREATE OR REPLACE VIEW estimate_evidence AS
SELECT DISTINCT b.metric AS metric, b.scope_kind AS scope_kind, b.scope AS scope, b.window AS window, p.entry.1 AS role,
    p.entry.2 AS kind, p.entry.3 AS entity
FROM (SELECT part, arrayJoin(arrayZip(roles, kinds, entities)) AS entry FROM evidence_part) AS p
GLOBAL INNER JOIN
(
    SELECT metric, scope_kind, scope, window, arrayJoin(parts) AS part
    FROM estimate_basis
    WHERE run = (SELECT run FROM estimate_run_current)
) AS b ON b.part = p.part
