-- Changes with the time at which they were undone: a deploy rolled back, a flag
-- set back to what it was.
CREATE OR REPLACE VIEW change_undone AS
SELECT c.change_id AS change_id, c.kind AS kind, c.service AS service, c.environment AS environment,
    c.started_at AS started_at, c.finished_at AS finished_at,
    if(c.kind = 'flag', f.undone_at, c.rolled_back_at) AS undone_at
FROM change_state AS c
LEFT JOIN
(
    SELECT a.entity AS change_id, min(b.finished_at) AS undone_at
    FROM (SELECT * FROM change_told WHERE flag_key != '' AND entity GLOBAL IN (SELECT f.entity FROM event AS f WHERE f.kind = 'change' AND f.change_kind = 'flag')) AS a
    INNER JOIN (SELECT * FROM change_told WHERE flag_key != '' AND entity GLOBAL IN (SELECT f.entity FROM event AS f WHERE f.kind = 'change' AND f.change_kind = 'flag')) AS b
        ON b.flag_key = a.flag_key AND b.service = a.service AND b.environment = a.environment AND b.flag_to = a.flag_from
    WHERE b.finished_at > a.finished_at AND a.flag_from != a.flag_to
    GROUP BY a.entity
) AS f ON f.change_id = c.change_id
