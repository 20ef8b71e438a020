-- Rollbacks, each a fact about the deploy that it names, else about the latest
-- earlier deploy of its service and environment.
CREATE OR REPLACE VIEW rollback AS
SELECT entity AS rollback_id, service_told, service, environment, of_change, rollback_at AS at, (automatic_rollback = 'yes')::Bool AS automatic
FROM change_entity
WHERE is_rollback AND entity GLOBAL IN
    (SELECT r.entity FROM event AS r WHERE r.kind = 'change' AND r.predicate = 'rolledback')
