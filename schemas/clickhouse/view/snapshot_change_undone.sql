-- change_undone as of the snapshot. No flag is merged with another change, so that of
-- each the state is what was told.
CREATE OR REPLACE VIEW snapshot_change_undone AS
SELECT change_id, kind, service, environment, started_at, finished_at, rolled_back_at AS undone_at
FROM snapshot_change_state
WHERE kind != 'flag'
UNION ALL
SELECT change_id, kind, service, environment, started_at, finished_at, 0 AS undone_at
FROM snapshot_change_state
WHERE kind = 'flag' AND flag_key = ''
UNION ALL
SELECT a.change_id, a.kind, a.service, a.environment, a.started_at, a.finished_at, if(b.finished_at != 0, b.finished_at, a.switched_at) AS undone_at
FROM
(
    SELECT change_id, kind, service, environment, started_at, finished_at, flag_key,
        if(flag_from != '', flag_from, lagInFrame(flag_to) OVER told) AS was,
        leadInFrame(flag_to) OVER told AS next_to,
        if(was = '' AND max(kill_switch = 'yes') OVER told AND next_to NOT IN ('', flag_to), leadInFrame(finished_at) OVER told, 0) AS switched_at,
        if(was = flag_to, '', was) AS back
    FROM snapshot_change_state
    WHERE kind = 'flag' AND flag_key != ''
    WINDOW told AS (PARTITION BY flag_key, service, environment ORDER BY finished_at, change_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) AS a
ASOF LEFT JOIN
(
    SELECT flag_key, service, environment, flag_to, finished_at
    FROM snapshot_change_state
    WHERE kind = 'flag' AND flag_key != '' AND flag_to != ''
) AS b ON b.flag_key = a.flag_key AND b.service = a.service AND b.environment = a.environment AND b.flag_to = a.back AND b.finished_at > a.finished_at
