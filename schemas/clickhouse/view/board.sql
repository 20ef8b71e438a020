-- The board panel: six numbers that are hard to fool together, for the organisation
-- and each team, over all time and by quarter. Every one has a row, always: what was
-- not computed is insufficient, and says so. position is 1 to 6; beside are the
-- numbers to read it with; cannot_say is what it leaves out.
CREATE OR REPLACE VIEW board AS
SELECT
    i.position AS position, i.item AS item, g.scope_kind AS scope_kind, g.scope AS scope, g.window AS window, g.as_of AS as_of,
    i.metric AS metric, e.value AS value, e.low AS low, e.high AS high, e.level AS level, e.n AS n, e.exposure AS exposure,
    e.unit AS unit,
    if(e.metric = '', 'insufficient', e.state) AS state,
    if(e.metric = '', 1, e.state_code) AS state_code,
    e.verdict AS verdict, e.origin AS origin,
    if(e.metric = '', 'Not enough data: nothing was counted for this scope and window. No figure is shown.', e.reading) AS reading,
    i.cannot_say AS cannot_say,
    b.numbers AS beside
FROM board_item AS i
CROSS JOIN
(
    SELECT scope_kind, scope, window, max(as_of) AS as_of FROM
    (
        SELECT s.scope_kind AS scope_kind, s.scope AS scope, w.window AS window, s.as_of AS as_of
        FROM (SELECT DISTINCT scope_kind, scope, toNullable(as_of) AS as_of FROM estimate WHERE scope_kind IN ('organisation', 'team')) AS s
        CROSS JOIN (SELECT DISTINCT window FROM estimate WHERE scope_kind = 'organisation') AS w
        UNION ALL
        SELECT 'organisation', '', 'all', NULL
    )
    GROUP BY scope_kind, scope, window
) AS g
LEFT JOIN (SELECT * FROM estimate WHERE scope_kind IN ('organisation', 'team')) AS e
    ON e.metric = i.metric AND e.scope_kind = g.scope_kind AND e.scope = g.scope AND e.window = g.window
LEFT JOIN
(
    SELECT position, scope_kind, scope, window,
        arraySort(groupArray((metric, value, low, high, unit, state, reading)))
            ::Array(Tuple(metric String, value Nullable(Float64), low Nullable(Float64), high Nullable(Float64), unit String, state String, reading String)) AS numbers
    FROM estimate
    INNER JOIN (SELECT position, arrayJoin(beside) AS metric FROM board_item) AS told USING (metric)
    WHERE scope_kind IN ('organisation', 'team')
    GROUP BY position, scope_kind, scope, window
) AS b ON b.position = i.position AND b.scope_kind = g.scope_kind AND b.scope = g.scope AND b.window = g.window
