-- The run that counts: of the finished ones that of the newest catalog, rules and
-- settings (analysis.as_of among them) and since the last rebuild, then the one that
-- folded the most events, then of the latest as_of. So a paused analyser cannot
-- overtake a newer one, and what is set back, or erased, shows. Of runs that differ in none of these
-- the last computed counts: a currency or a program that is new shows at once, with
-- no new event. Times are in milliseconds since 1970.
CREATE OR REPLACE VIEW estimate_run_current AS
SELECT r.run AS run, r.as_of AS as_of, r.input_events AS input_events, r.computed_at AS computed_at
FROM estimate_run AS r
ORDER BY r.configured DESC, r.input_events DESC, r.as_of DESC, r.computed_at DESC, r.run DESC
LIMIT 1
