-- What is told of the safety net of changes: only those of which anything is told.
CREATE OR REPLACE VIEW change_net AS
SELECT e.entity AS entity, toString({{latest "contained"}}) AS contained, {{latest "contained_by"}} AS contained_by
FROM {{events "change"}}
WHERE {{states "contained"}} OR {{states "contained_by"}}
GROUP BY e.entity
