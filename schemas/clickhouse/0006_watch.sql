-- What the regression watch said, by run; and the alarms that it raised, which no
-- later run takes back.
CREATE TABLE IF NOT EXISTS watch_row{{.Local}}
(
    run String,
    scope_kind LowCardinality(String),
    scope String,
    what LowCardinality(String),
    clock LowCardinality(String),
    at Int64,
    method LowCardinality(String),
    year_from Int64,
    latest Bool,
    evidence Float64,
    better Float64,
    bar Float64,
    dispersion Float64,
    n0 Int64,
    n1 Int64,
    e0 Float64,
    e1 Float64,
    state LowCardinality(String),
    state_code UInt8,
    crossed_at Int64, -- 0 not
    alarm_since Int64,
    better_since Int64,
    doubling Float64,
    tripling Float64,
    delay Float64,
    reading String CODEC(ZSTD)
)
ENGINE = {{.Replacing "watch_row" ""}}
ORDER BY (run, scope_kind, scope, what, clock, at);

{{.Distribute "watch_row" "cityHash64(run)"}}

-- Append-only. Publishing a run again keeps the first time (earlier is greater the
-- sooner it was raised).
CREATE TABLE IF NOT EXISTS watch_alarm{{.Local}}
(
    scope_kind LowCardinality(String),
    scope String,
    what LowCardinality(String),
    year_from Int64,
    run String,
    raised_at Int64,
    crossed_at Int64,
    evidence Float64,
    bar Float64,
    earlier UInt64 MATERIALIZED bitNot(toUInt64(raised_at))
)
ENGINE = {{.Replacing "watch_alarm" "earlier"}}
ORDER BY (scope_kind, scope, what, year_from, run);

{{.Distribute "watch_alarm" "cityHash64(scope_kind, scope, what)"}}
