-- The one table that ingest writes, and the only truth: everything else is a
-- view that folds it, or is published from it.
--
-- ord is occurred_at << 64 | hash64(source, id, type, canonical). Rows of one
-- ord are the same event told again; of those the one received first is kept
-- (version is greater the earlier it was received). No view may depend on when
-- that happens.
--
-- stated has a bit for each attribute that the event states (pkg/event.Stated):
-- '' or 0 under a set bit was declared unknown, under an unset bit it is silence.
CREATE TABLE IF NOT EXISTS event{{.Local}}
(
    kind Enum8('other' = 0, 'incident' = 1, 'change' = 2, 'experiment' = 3, 'near_miss' = 4, 'postmortem' = 5,
        'improvement' = 6, 'monitoring_gap' = 7, 'risk' = 8, 'cost' = 9),
    predicate Enum8('other' = 0, 'detected' = 1, 'reported' = 2, 'acknowledged' = 3, 'mitigated' = 4, 'resolved' = 5,
        'reopened' = 6, 'amended' = 7, 'retracted' = 8, 'deployed' = 9, 'upgraded' = 10, 'rolledback' = 11,
        'removed' = 12, 'published' = 13, 'finished' = 14, 'changed' = 15, 'recorded' = 16, 'opened' = 17,
        'closed' = 18, 'verified' = 19, 'abandoned' = 20, 'found' = 21),
    entity String,
    source LowCardinality(String),
    id String,
    type LowCardinality(String),
    occurred_at Int64 CODEC(Delta, ZSTD),
    emitted_at Int64 CODEC(Delta, ZSTD),
    received_at Int64 CODEC(Delta, ZSTD),
    imported Bool,
    ord UInt128,
    stated UInt64,

    service LowCardinality(String),
    services Array(String),
    environment LowCardinality(String),
    severity UInt8,
    detection_source LowCardinality(String),
    failure_mode LowCardinality(String),
    cause_category LowCardinality(String),
    blast_radius Float64,
    contained Enum8('' = 0, 'yes' = 1, 'no' = 2),
    contained_by LowCardinality(String),
    planned Enum8('' = 0, 'yes' = 1, 'no' = 2),
    duplicate_of String,
    started_at Int64,
    detected_at Int64,
    acknowledged_at Int64,
    mitigated_at Int64,
    resolved_at Int64,

    change_kind Enum8('' = 0, 'deploy' = 1, 'flag' = 2),
    version String,
    commit_sha String,
    artifact String,
    finished_at Int64,
    outcome LowCardinality(String),
    rollout LowCardinality(String),
    automatic_rollback Enum8('' = 0, 'yes' = 1, 'no' = 2),
    flag_key String,
    flag_from String,
    flag_to String,
    kill_switch Enum8('' = 0, 'yes' = 1, 'no' = 2),

    links Array(String),
    attributes String CODEC(ZSTD),
    canonical String CODEC(ZSTD),
    sha256 FixedString(32),

    first_received UInt128 MATERIALIZED
        bitOr(bitShiftLeft(toUInt128(bitNot(toUInt64(received_at))), 64), toUInt128(bitNot(bitOr(bitShiftLeft(toUInt64(emitted_at), 1), toUInt64(imported)))))
)
ENGINE = {{.Replacing "event" "first_received"}}
ORDER BY (kind, entity, occurred_at, ord)
{{.Durable}};

{{.Distribute "event" "cityHash64(kind, entity)"}}
