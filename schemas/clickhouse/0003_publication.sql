-- What is published whole or not at all: the rows first, under a run, then one row
-- of publication (catalog, rules, settings) or of estimate_run. Views read the
-- newest finished run only, so half-written ones are never seen.
CREATE TABLE IF NOT EXISTS publication{{.Local}}
(
    subject LowCardinality(String), -- catalog, rules, settings
    run String,
    sequence Int64 -- microseconds since 1970 at the publisher
)
ENGINE = {{.Replacing "publication" ""}}
ORDER BY (subject, sequence, run);

{{.Distribute "publication" "cityHash64(subject)"}}

CREATE TABLE IF NOT EXISTS catalog_service{{.Local}}
(
    run String,
    name String,
    team String,
    tier String,
    depends_on Array(String),
    aliases Array(String),
    alive_from Int64
)
ENGINE = {{.Replacing "catalog_service" ""}}
ORDER BY (run, name);

{{.Distribute "catalog_service" "cityHash64(run)"}}

CREATE TABLE IF NOT EXISTS failure_mode_rule{{.Local}}
(
    run String,
    position UInt32,
    failure_mode String,
    service String,
    incidents Array(String),
    labels Map(String, String),
    because String
)
ENGINE = {{.Replacing "failure_mode_rule" ""}}
ORDER BY (run, position);

{{.Distribute "failure_mode_rule" "cityHash64(run)"}}

CREATE TABLE IF NOT EXISTS setting_row{{.Local}}
(
    run String,
    name String,
    value Int64
)
ENGINE = {{.Replacing "setting_row" ""}}
ORDER BY (run, name);

{{.Distribute "setting_row" "cityHash64(run)"}}
