-- The settings by which views join, in milliseconds but for the share; those never
-- published have the value given here.
CREATE OR REPLACE VIEW setting AS
SELECT d.name AS name, if(s.name = '', d.value, s.value) AS value
FROM (SELECT * FROM VALUES('name String, value Int64',
    ('attribution_window_ms', 86400000), -- a change may have caused an incident that began so long after it
    ('merge_window_ms', 259200000), -- failures of one mode on one service within this of the first are one
    ('corroboration_slack_ms', 900000), -- a rollback so long after an incident's end still ended it
    ('same_deploy_ms', 900000), -- two tools tell of one deploy within
    ('contained_share_millionths', 0))) AS d -- an automatic rollback contains what touched at most this share
LEFT JOIN
(
    SELECT DISTINCT r.name AS name, r.value AS value FROM setting_row AS r
    WHERE r.run = (SELECT argMax(p.run, (p.sequence, p.run)) FROM publication AS p WHERE p.subject = 'settings')
) AS s ON s.name = d.name
