-- Incidents with their containment class: '' and 0 unknown.
--
-- Contained: it stayed inside a safety net, or an automatic rollback ended it
-- before it touched more than the set share. Escaped: it is told to have left its
-- net. All else met users with no net that anybody told of: uncontained.
CREATE OR REPLACE VIEW incident_state AS
WITH
    (SELECT value / 1e6 FROM setting WHERE name = 'contained_share_millionths') AS contained_share
SELECT
    i.*,
    -- The first sign of it, as far as anything is known.
    multiIf(i.started_at != 0, i.started_at, i.detected_at != 0, i.detected_at, i.first_told_at) AS began_at,
    if(i.resolved_at != 0, i.resolved_at, i.mitigated_at) AS ended_at,
    multiIf(
        i.contained = 'yes', 'contained',
        i.contained = 'no', 'escaped',
        i.contained_by != '', 'contained',
        i.blast_radius <= contained_share AND arrayExists(rollback -> began_at <= rollback.2 AND rollback.2 <= ended_at
            AND (i.environment = '' OR rollback.1 = '' OR i.environment = rollback.1), r.rollbacks), 'contained',
        'uncontained') AS containment
FROM incident_named AS i
LEFT JOIN (SELECT service, groupArray((environment, at)) AS rollbacks FROM rollback WHERE automatic GROUP BY service) AS r
    ON r.service = i.service
