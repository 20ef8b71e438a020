-- Changes with the time at which they were undone: a deploy rolled back, a flag
-- set back to what it was, as flag_undone has it.
CREATE OR REPLACE VIEW change_undone AS
SELECT c.change_id AS change_id, c.kind AS kind, c.service AS service, c.environment AS environment,
    c.started_at AS started_at, c.finished_at AS finished_at,
    if(c.kind = 'flag', f.undone_at, c.rolled_back_at) AS undone_at
FROM change_state AS c
LEFT JOIN flag_undone AS f ON f.change_id = c.change_id
