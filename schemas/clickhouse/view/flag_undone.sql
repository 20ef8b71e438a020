-- When each change of a flag was undone: set back to what it was. What a flag was
-- before is what it is told to have been, else what it was set to last. Where neither
-- is known, a kill switch is undone by the next setting of it to another value; other
-- flags are not known to be: 0.
CREATE OR REPLACE VIEW flag_undone AS
SELECT a.entity AS change_id, if(b.finished_at != 0, b.finished_at, a.switched_at) AS undone_at
FROM
(
    SELECT entity, flag_key, service, environment, finished_at,
        if(flag_from != '', flag_from, lagInFrame(flag_to) OVER told) AS was,
        leadInFrame(flag_to) OVER told AS next_to,
        if(was = '' AND max(kill_switch = 'yes') OVER told AND next_to NOT IN ('', flag_to), leadInFrame(finished_at) OVER told, 0) AS switched_at,
        if(was = flag_to, '', was) AS back
    FROM change_told
    WHERE flag_key != '' AND entity GLOBAL IN (SELECT f.entity FROM event AS f WHERE f.kind = 'change' AND f.change_kind = 'flag')
    WINDOW told AS (PARTITION BY flag_key, service, environment ORDER BY finished_at, entity ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) AS a
ASOF LEFT JOIN
(
    SELECT flag_key, service, environment, flag_to, finished_at
    FROM change_told
    WHERE flag_key != '' AND flag_to != '' AND entity GLOBAL IN (SELECT f.entity FROM event AS f WHERE f.kind = 'change' AND f.change_kind = 'flag')
) AS b ON b.flag_key = a.flag_key AND b.service = a.service AND b.environment = a.environment AND b.flag_to = a.back AND b.finished_at > a.finished_at
