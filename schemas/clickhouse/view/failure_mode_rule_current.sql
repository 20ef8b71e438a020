-- The failure-mode rules published last, in the order of the file: of those that hold
-- for an incident the first gives it its mode.
CREATE OR REPLACE VIEW failure_mode_rule_current AS
SELECT DISTINCT position, failure_mode, service, incidents, labels, because
FROM failure_mode_rule
WHERE run = (SELECT argMax(p.run, (p.sequence, p.run)) FROM publication AS p WHERE p.subject = 'rules')
