-- Runs that are finished, were computed before a moment and do not count any more.
SELECT r.run FROM estimate_run AS r
WHERE r.run != (SELECT c.run FROM estimate_run_current AS c)
GROUP BY r.run
HAVING max(r.computed_at) < {before:Int64}
ORDER BY r.run
LIMIT 10000
