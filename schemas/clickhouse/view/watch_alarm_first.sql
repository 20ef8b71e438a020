-- Of each alarm the run that raised it first. It stays, whatever later events say.
CREATE OR REPLACE VIEW watch_alarm_first AS
SELECT
    scope_kind, scope, what, year_from,
    tupleElement(first, 1) AS raised_at, tupleElement(first, 2) AS run, tupleElement(first, 3) AS crossed_at,
    tupleElement(first, 4) AS evidence, tupleElement(first, 5) AS bar
FROM
(
    SELECT a.scope_kind AS scope_kind, a.scope AS scope, a.what AS what, a.year_from AS year_from,
        min((a.raised_at, a.run, a.crossed_at, a.evidence, a.bar)) AS first
    FROM watch_alarm AS a
    GROUP BY a.scope_kind, a.scope, a.what, a.year_from
)
