SELECT entity AS rollback_id, service, environment, of_change, rollback_at AS at, (automatic_rollback = 'yes')::Bool AS automatic
FROM until_change_entity WHERE is_rollback
UNION ALL
SELECT rollback_id, service, environment, of_change, at, automatic
FROM whole_rollback WHERE rollback_id GLOBAL NOT IN (SELECT entity FROM until_touched)
