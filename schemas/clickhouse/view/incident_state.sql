-- Incidents with their containment class: '' and 0 unknown.
--
-- Contained: it stayed inside a safety net, or an automatic rollback ended it
-- before it touched more than the set share. Escaped: it is told to have left its
-- net. All else met users with no net that anybody told of: uncontained.
CREATE OR REPLACE VIEW incident_state AS
WITH (SELECT value / 1e6 FROM setting WHERE name = 'contained_share_millionths') AS contained_share
SELECT
    i.*,
    multiIf(
        i.contained = 'yes', 'contained',
        i.contained = 'no', 'escaped',
        i.contained_by != '', 'contained',
        i.incident_id IN
        (
            SELECT n.incident_id
            FROM incident_named AS n
            INNER JOIN (SELECT * FROM rollback WHERE automatic) AS r ON r.service = n.service
            WHERE n.blast_radius <= contained_share
                AND (n.environment = '' OR r.environment = '' OR n.environment = r.environment)
                AND r.at >= if(n.started_at != 0, n.started_at, n.detected_at)
                AND r.at <= if(n.resolved_at != 0, n.resolved_at, n.mitigated_at)
        ), 'contained',
        'uncontained') AS containment,
    -- The first sign of it, as far as anything is known.
    multiIf(i.started_at != 0, i.started_at, i.detected_at != 0, i.detected_at, i.first_told_at) AS began_at,
    if(i.resolved_at != 0, i.resolved_at, i.mitigated_at) AS ended_at
FROM incident_named AS i
