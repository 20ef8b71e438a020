-- Estimates and what each counted, by run.
CREATE TABLE IF NOT EXISTS estimate_run{{.Local}}
(
    run String,
    as_of Int64,
    input_events UInt64,
    configured Int64, -- sequence of the newest publication that the run had read
    computed_at Int64
)
ENGINE = {{.Replacing "estimate_run" ""}}
ORDER BY (run);

{{.Distribute "estimate_run" "cityHash64(run)"}}

CREATE TABLE IF NOT EXISTS estimate_row{{.Local}}
(
    run String,
    metric LowCardinality(String),
    scope_kind LowCardinality(String),
    scope String,
    window LowCardinality(String),
    as_of Int64,
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
    state LowCardinality(String),
    state_code UInt8,
    method LowCardinality(String),
    origin LowCardinality(String),
    verdict LowCardinality(String),
    reading String
)
ENGINE = {{.Replacing "estimate_row" ""}}
ORDER BY (run, metric, scope_kind, scope, window);

{{.Distribute "estimate_row" "cityHash64(run)"}}

CREATE TABLE IF NOT EXISTS estimate_evidence_row{{.Local}}
(
    run String,
    metric LowCardinality(String),
    scope_kind LowCardinality(String),
    scope String,
    window LowCardinality(String),
    role LowCardinality(String),
    kind LowCardinality(String),
    entity String
)
ENGINE = {{.Replacing "estimate_evidence_row" ""}}
ORDER BY (run, metric, scope_kind, scope, window, role, kind, entity);

{{.Distribute "estimate_evidence_row" "cityHash64(run)"}}
