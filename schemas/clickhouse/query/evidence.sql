SELECT DISTINCT entry.1 AS role, entry.2 AS kind, entry.3 AS entity
FROM
(
    SELECT arrayJoin(arrayZip(roles, kinds, entities)) AS entry
    FROM evidence_part
    WHERE part GLOBAL IN
    (
        SELECT arrayJoin(parts) FROM estimate_basis
        WHERE run = (SELECT run FROM estimate_run_current)
            AND metric = @metric AND scope_kind = @scope_kind AND scope = @scope AND window = @window
    )
)
ORDER BY role, kind, entity
