-- What the view incident_state gives of the parts of a snapshot.
INSERT INTO fold_incident_state
WITH
    incident_told AS
    (
        SELECT f.* EXCEPT (run, key, rows_hash, is_incident) FROM fold_incident AS f
        WHERE f.run IN ({base:String}, {delta:String}) AND f.is_incident
            AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_incident AS d WHERE d.run = {delta:String}))
    ),
    rollback AS
    (
        SELECT f.entity AS rollback_id, f.service AS service, f.environment AS environment, f.of_change AS of_change, f.at AS at, f.automatic AS automatic
        FROM fold_rollback AS f WHERE f.run = {joined:String}
    ),
    incident_named AS ({{view "incident_named"}})
SELECT {run:String}, s.* FROM ({{view "incident_state"}}) AS s
