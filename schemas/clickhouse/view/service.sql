-- The catalog published last: one row for each service. alive_from is in milliseconds
-- since 1970, 0 unknown.
CREATE OR REPLACE VIEW service AS
SELECT DISTINCT name, if(team = '', 'unassigned', team) AS team, tier, depends_on, aliases, alive_from
FROM catalog_service
WHERE run = (SELECT argMax(p.run, (p.sequence, p.run)) FROM publication AS p WHERE p.subject = 'catalog')
