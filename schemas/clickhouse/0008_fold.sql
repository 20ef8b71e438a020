-- The snapshot of folded events: what the views fold from the event table, kept by
-- entity, so that only entities with other events than before are folded again.
-- The event table stays the only truth: these tables may be emptied at any time.
--
-- Each part of a snapshot stands under a run of its own, written once by one
-- process, so no row is ever replaced; the row of fold_run that names the parts
-- comes last. A part that no newer fold_run names is dropped whole.
--
-- rows_hash is the sum of a hash of each row that was folded, first_received
-- included: any event more, less or received earlier gives another sum. key is a
-- hash of the entity. Entities are found and replaced by it, so that two of one
-- key only cost time.
CREATE TABLE IF NOT EXISTS fold_run{{.Local}}
(
    run String,
    sequence Int64, -- microseconds since 1970 at the writer
    change_base String, -- runs of fold_change: nearly all entities,
    change_delta String, -- and those that replace some of them; '' none
    incident_base String,
    incident_delta String,
    joined String, -- run of fold_merged and fold_rolled_back
    configured Int64 -- sequence of the newest publication that was read
)
ENGINE = {{.Replacing "fold_run" ""}}
ORDER BY (sequence, run);

{{.Distribute "fold_run" "cityHash64(run)"}}

CREATE TABLE IF NOT EXISTS fold_change{{.Local}}
(
    run String,
    key UInt64,
    rows_hash UInt64,
    entity String,
    is_change Bool,
    is_rollback Bool,
    kind LowCardinality(String),
    service_told LowCardinality(String),
    service LowCardinality(String),
    environment LowCardinality(String),
    version String,
    commit_sha String,
    artifact String,
    started_at Int64,
    finished_at Int64,
    outcome LowCardinality(String),
    rollout LowCardinality(String),
    automatic_rollback LowCardinality(String),
    flag_key String,
    flag_from String,
    flag_to String,
    kill_switch LowCardinality(String),
    planned LowCardinality(String),
    source LowCardinality(String),
    sources Array(LowCardinality(String)),
    imported Bool,
    of_change String,
    rollback_at Int64
)
ENGINE = {{.Appending "fold_change"}}
PARTITION BY run
ORDER BY (service, environment, finished_at, entity);

{{.Distribute "fold_change" "key"}}

CREATE TABLE IF NOT EXISTS fold_incident{{.Local}}
(
    run String,
    key UInt64,
    rows_hash UInt64,
    incident_id String,
    is_incident Bool,
    service_told String,
    services_told Array(String),
    environment LowCardinality(String),
    severity UInt8,
    detection_source LowCardinality(String),
    failure_mode LowCardinality(String),
    cause_category LowCardinality(String),
    blast_radius Float64,
    contained LowCardinality(String),
    contained_by LowCardinality(String),
    planned LowCardinality(String),
    duplicate_of String,
    started_at Int64,
    detected_at Int64,
    acknowledged_at Int64,
    mitigated_at Int64,
    resolved_at Int64,
    reopen_count UInt64,
    first_told_at Int64,
    links Array(String),
    source LowCardinality(String),
    imported Bool,
    automatic Bool,
    title String,
    labels Map(String, String),
    stated_detect_seconds Int64,
    stated_resolve_seconds Int64
)
ENGINE = {{.Appending "fold_incident"}}
PARTITION BY run
ORDER BY incident_id;

{{.Distribute "fold_incident" "key"}}

-- Keys of the entities whose events are others than those that were folded.
CREATE TABLE IF NOT EXISTS fold_touched{{.Local}}
(
    run String,
    key UInt64
)
ENGINE = {{.Appending "fold_touched"}}
PARTITION BY run
ORDER BY key;

{{.Distribute "fold_touched" "key"}}

-- Entities that are one deploy told by several tools, as the view change_merged.
CREATE TABLE IF NOT EXISTS fold_merged{{.Local}}
(
    run String,
    entity String,
    change_id String
)
ENGINE = {{.Appending "fold_merged"}}
PARTITION BY run
ORDER BY entity;

{{.Distribute "fold_merged" "cityHash64(entity)"}}

-- Rollbacks. Those that name no deploy undid the one that finished at the moment found.
CREATE TABLE IF NOT EXISTS fold_rollback{{.Local}}
(
    run String,
    entity String,
    service LowCardinality(String),
    environment LowCardinality(String),
    of_change String,
    at Int64,
    automatic Bool,
    found Bool,
    finished_at Int64
)
ENGINE = {{.Appending "fold_rollback"}}
PARTITION BY run
ORDER BY (service, environment, finished_at);

{{.Distribute "fold_rollback" "cityHash64(entity)"}}

-- When each change was first rolled back, as the view change_rolled_back.
CREATE TABLE IF NOT EXISTS fold_rolled_back{{.Local}}
(
    run String,
    change_id String,
    at Int64,
    automatic Bool
)
ENGINE = {{.Appending "fold_rolled_back"}}
PARTITION BY run
ORDER BY change_id;

{{.Distribute "fold_rolled_back" "cityHash64(change_id)"}}
