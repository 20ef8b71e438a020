-- Every computation of a past moment that said something else than the one before it.
CREATE OR REPLACE VIEW estimate_told AS
SELECT * EXCEPT (before)
FROM
(
    SELECT *, lagInFrame(content) OVER (PARTITION BY metric, scope_kind, scope, window, as_of
        ORDER BY configured, input_events, computed_at, run ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
    FROM estimate_history_row
)
WHERE content != before
