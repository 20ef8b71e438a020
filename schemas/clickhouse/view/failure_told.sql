-- Every failure before those of one mode are merged: incidents, failed or rolled-back
-- changes, refuted experiments, near misses. Drills and duplicates are none, and a
-- change that is a known cause of an incident is one failure with it. class: 0
-- contained, 1 escaped, 2 uncontained. '' and 0 unknown.
--
-- A failed change was contained if users could meet it only through a net: a flag, a
-- canary, blue-green, an automatic rollback; what is stated of it counts before that.
CREATE OR REPLACE VIEW failure_told AS
SELECT 1 AS rank, 'incident' AS kind, incident_id AS id, service, environment, failure_mode, toUInt8(severity) AS severity,
    began_at AS at, ended_at, transform(containment, ['contained', 'escaped'], [0, 1], 2) AS class
FROM incident_state
WHERE planned != 'yes' AND duplicate_of = ''
UNION ALL
SELECT 2, 'change', c.change_id, c.service, c.environment, '', 0, c.finished_at, c.rolled_back_at,
    multiIf(n.contained = 'no', 1, n.contained = 'yes' OR n.contained_by != '', 0,
        c.automatic_rollback = 'yes' OR c.kind = 'flag' OR c.rollout IN ('canary', 'blue-green'), 0, 2)
FROM change_state AS c
LEFT ANTI JOIN change_blamed AS b ON b.change_id = c.change_id
LEFT JOIN change_net AS n ON n.entity = c.change_id
WHERE (c.outcome = 'failed' OR c.rolled_back_at != 0) AND c.outcome != 'cancelled'
UNION ALL
SELECT 3, 'experiment', experiment_id, service, environment, failure_mode, 0, if(started_at != 0, started_at, finished_at), finished_at, if(containment = 'escaped', 1, 0)
FROM experiment_state
WHERE verdict = 'refuted'
UNION ALL
SELECT 4, 'near_miss', near_miss_id, service, environment, failure_mode, 0, happened_at, happened_at, 0
FROM near_miss_state
