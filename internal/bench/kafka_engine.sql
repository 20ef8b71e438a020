-- The same table filled by ClickHouse alone: its Kafka engine and a materialized
-- view. The JSON of a record is parsed once, into a typed tuple. It does less than
-- tuition: no schema is checked, nothing is redacted, nothing is rejected, and the
-- canonical form is the text as it came.
CREATE TABLE event_fast AS event;

CREATE TABLE event_queue (raw String)
ENGINE = Kafka
SETTINGS kafka_broker_list = '{{.Broker}}', kafka_topic_list = '{{.Topic}}', kafka_group_name = 'kafka-engine',
    kafka_format = 'RawBLOB', kafka_num_consumers = {{.Consumers}}, kafka_thread_per_consumer = 1,
    kafka_max_block_size = 131072, kafka_poll_max_batch_size = 65536, kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW event_queue_view TO event_fast AS
WITH
    JSONExtract(raw, 'Tuple(
        context Tuple(id String, source String, type String, timestamp String),
        subject Tuple(id String, content Tuple(environment Tuple(id String), service Tuple(id String), artifactId String, flagKey String,
            severity UInt8, duplicateOf String)),
        customData Tuple(tuition Tuple(deployId String, version String, commit String, startedAt String, outcome String, rollout String,
            automaticRollback Nullable(Bool), severity UInt8, detectionSource String, failureMode String, causeCategory String,
            blastRadius Nullable(Float64), contained Nullable(Bool), containedBy String, planned Nullable(Bool),
            acknowledgedAt String, mitigatedAt String)))') AS e,
    e.context AS c, e.subject.content AS s, e.customData.tuition AS t,
    splitByChar('.', c.type) AS words,
    words[3] LIKE '%incident%' AS is_incident,
    toUnixTimestamp64Milli(parseDateTime64BestEffortOrZero(c.timestamp, 3)) AS at,
    toUnixTimestamp64Milli(parseDateTime64BestEffortOrZero(t.startedAt, 3)) AS started,
    if(is_incident, s.service.id, e.subject.id) AS named
SELECT
    if(is_incident, 'incident', 'change') AS kind,
    if(words[4] = 'deployed', 'deployed', if(words[4] = 'detected', 'detected', if(words[4] = 'resolved', 'resolved',
        if(words[4] = 'rolledback', 'rolledback', if(words[4] = 'amended', 'amended', 'changed'))))) AS predicate,
    multiIf(is_incident, e.subject.id, t.deployId != '', t.deployId, hex(xxHash64(c.source, named, s.environment.id, s.artifactId, at))) AS entity,
    c.source AS source, c.id AS id, c.type AS type,
    at AS occurred_at,
    toUnixTimestamp64Milli(parseDateTime64BestEffortOrZero(_headers.value[indexOf(_headers.name, 'ce_time')], 3)) AS emitted_at,
    toUnixTimestamp64Milli(_timestamp_ms) AS received_at,
    false AS imported,
    bitOr(bitShiftLeft(toUInt128(at), 64), toUInt128(xxHash64(c.source, c.id, c.type, raw))) AS ord,
    toUInt64(1) AS stated,
    named AS service, [named] AS services, s.environment.id AS environment,
    greatest(t.severity, s.severity) AS severity,
    t.detectionSource AS detection_source, t.failureMode AS failure_mode, t.causeCategory AS cause_category,
    ifNull(t.blastRadius, nan) AS blast_radius,
    multiIf(isNull(t.contained), '', t.contained, 'yes', 'no') AS contained, t.containedBy AS contained_by,
    multiIf(isNull(t.planned), '', t.planned, 'yes', 'no') AS planned,
    s.duplicateOf AS duplicate_of,
    started AS started_at, toInt64(0) AS detected_at,
    toUnixTimestamp64Milli(parseDateTime64BestEffortOrZero(t.acknowledgedAt, 3)) AS acknowledged_at,
    toUnixTimestamp64Milli(parseDateTime64BestEffortOrZero(t.mitigatedAt, 3)) AS mitigated_at,
    toInt64(0) AS resolved_at,
    multiIf(is_incident, '', s.flagKey != '', 'flag', 'deploy') AS change_kind,
    t.version AS version, t.commit AS commit_sha, s.artifactId AS artifact, at AS finished_at, t.outcome AS outcome, t.rollout AS rollout,
    multiIf(isNull(t.automaticRollback), '', t.automaticRollback, 'yes', 'no') AS automatic_rollback,
    s.flagKey AS flag_key, '' AS flag_from, '' AS flag_to, '' AS kill_switch,
    CAST([], 'Array(String)') AS links, '' AS attributes,
    raw AS canonical, SHA256(raw) AS sha256
FROM event_queue;
