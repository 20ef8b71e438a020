-- The scopes of one kind that a metric's history knows.
SELECT DISTINCT scope FROM estimate_history_row WHERE metric = @metric AND scope_kind = @scope_kind ORDER BY scope
