SELECT metric, scope_kind, scope, window, role, kind, entity
FROM estimate_evidence
WHERE metric = @metric AND scope_kind = @scope_kind AND scope = @scope AND window = @window
ORDER BY role, kind, entity
