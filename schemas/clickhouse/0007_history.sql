-- What was said of the past: estimates as of past moments, one row for each time
-- that a computation gave something else. Nothing is ever replaced here.
ALTER TABLE estimate_row{{.Local}} ADD COLUMN IF NOT EXISTS lacks Int64 DEFAULT 0;

ALTER TABLE estimate_row ADD COLUMN IF NOT EXISTS lacks Int64 DEFAULT 0;

CREATE TABLE IF NOT EXISTS estimate_history_row{{.Local}}
(
    metric LowCardinality(String),
    scope_kind LowCardinality(String),
    scope String,
    window LowCardinality(String),
    as_of Int64,
    computed_at Int64,
    input_events UInt64,
    configured Int64, -- sequence of the newest publication that the run had read
    run String,
    content String, -- hash of all that follows: equal content is not stored again
    value Float64,
    low Float64,
    high Float64,
    level Float64,
    low50 Float64,
    high50 Float64,
    unit LowCardinality(String),
    n Int64,
    events Int64,
    exposure Float64,
    censored Int64,
    lacks Int64,
    state LowCardinality(String),
    state_code UInt8,
    method String,
    origin LowCardinality(String),
    verdict LowCardinality(String),
    reading String
)
ENGINE = {{.Replacing "estimate_history_row" ""}}
ORDER BY (metric, scope_kind, scope, window, as_of, computed_at, run);

{{.Distribute "estimate_history_row" "cityHash64(metric, scope)"}}

-- Which moments were computed, and from what: a moment whose rows are the same is
-- not computed again.
CREATE TABLE IF NOT EXISTS estimate_history_run{{.Local}}
(
    as_of Int64,
    computed_at Int64,
    input_events UInt64,
    configured Int64,
    run String,
    content String -- hash of the rows and settings that were computed from
)
ENGINE = {{.Replacing "estimate_history_run" ""}}
ORDER BY (as_of, computed_at, run);

{{.Distribute "estimate_history_run" "cityHash64(as_of)"}}
