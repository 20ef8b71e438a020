-- What the views change_state and incident_state give is kept too: every query of
-- the estimators' input joined the same rows again, and most of a next computation
-- was that. Changes lie in two parts, as those that were folded: most in state_base,
-- what replaces some of them in state_delta; incidents in one.
--
-- Deploys that may be one have the same key: of their service, environment and
-- commit, or artifact. By it only those are merged anew that may have changed.
--
-- Of each change its distinct events are counted and hashed, as log_state does.
ALTER TABLE fold_run{{.Local}}
    ADD COLUMN IF NOT EXISTS state_base String,
    ADD COLUMN IF NOT EXISTS state_delta String,
    ADD COLUMN IF NOT EXISTS incident_state String;

ALTER TABLE fold_change{{.Local}}
    ADD COLUMN IF NOT EXISTS events UInt32,
    ADD COLUMN IF NOT EXISTS events_hash UInt128,
    ADD COLUMN IF NOT EXISTS first_at Int64,
    ADD COLUMN IF NOT EXISTS last_at Int64,
    ADD COLUMN IF NOT EXISTS commit_key UInt64 MATERIALIZED if(is_change AND kind = 'deploy' AND commit_sha != '', cityHash64(service, environment, 'commit', commit_sha), 0),
    ADD COLUMN IF NOT EXISTS artifact_key UInt64 MATERIALIZED if(is_change AND kind = 'deploy' AND artifact != '', cityHash64(service, environment, 'artifact', artifact), 0);

ALTER TABLE fold_merged{{.Local}} ADD COLUMN IF NOT EXISTS same UInt64;
{{if .Local}}
ALTER TABLE fold_run
    ADD COLUMN IF NOT EXISTS state_base String,
    ADD COLUMN IF NOT EXISTS state_delta String,
    ADD COLUMN IF NOT EXISTS incident_state String;

ALTER TABLE fold_change
    ADD COLUMN IF NOT EXISTS events UInt32,
    ADD COLUMN IF NOT EXISTS events_hash UInt128,
    ADD COLUMN IF NOT EXISTS first_at Int64,
    ADD COLUMN IF NOT EXISTS last_at Int64,
    ADD COLUMN IF NOT EXISTS commit_key UInt64 MATERIALIZED if(is_change AND kind = 'deploy' AND commit_sha != '', cityHash64(service, environment, 'commit', commit_sha), 0),
    ADD COLUMN IF NOT EXISTS artifact_key UInt64 MATERIALIZED if(is_change AND kind = 'deploy' AND artifact != '', cityHash64(service, environment, 'artifact', artifact), 0);

ALTER TABLE fold_merged ADD COLUMN IF NOT EXISTS same UInt64;
{{end}}
CREATE TABLE IF NOT EXISTS fold_change_state{{.Local}}
(
    run LowCardinality(String),
    key UInt64,
    is_change Bool, -- not: there is none any more, and an older part's row does not count
    change_id String,
    kind LowCardinality(String),
    service LowCardinality(String),
    environment LowCardinality(String),
    version String,
    commit_sha String,
    artifact String,
    started_at Int64,
    finished_at Int64,
    outcome LowCardinality(String),
    rollout LowCardinality(String),
    rolled_back_at Int64,
    automatic_rollback LowCardinality(String),
    flag_key String,
    flag_from String,
    flag_to String,
    kill_switch LowCardinality(String),
    planned LowCardinality(String),
    source LowCardinality(String),
    imported Bool,
    told_by UInt64,
    entities Array(String)
)
ENGINE = {{.Appending "fold_change_state"}}
PARTITION BY run
ORDER BY (service, environment, finished_at, change_id);

{{.Distribute "fold_change_state" "key"}}

CREATE TABLE IF NOT EXISTS fold_incident_state{{.Local}}
(
    run LowCardinality(String),
    incident_id String,
    service String,
    services Array(String),
    failure_mode String,
    team String,
    in_catalog Bool,
    environment LowCardinality(String),
    severity UInt8,
    detection_source LowCardinality(String),
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
    stated_resolve_seconds Int64,
    began_at Int64,
    ended_at Int64,
    containment LowCardinality(String)
)
ENGINE = {{.Appending "fold_incident_state"}}
PARTITION BY run
ORDER BY (service, began_at, incident_id);

{{.Distribute "fold_incident_state" "cityHash64(incident_id)"}}

-- What the view change_linked gives; and under a run of their own the entities that
-- links name, from which it is made.
CREATE TABLE IF NOT EXISTS fold_linked{{.Local}}
(
    run LowCardinality(String),
    link String,
    change_id String,
    finished_at Int64,
    environment LowCardinality(String)
)
ENGINE = {{.Appending "fold_linked"}}
PARTITION BY run
ORDER BY (link, change_id);

{{.Distribute "fold_linked" "cityHash64(link)"}}

-- The next fold begins from nothing: older parts have no such columns.
TRUNCATE TABLE IF EXISTS fold_run{{.Local}};
TRUNCATE TABLE IF EXISTS fold_change{{.Local}};
TRUNCATE TABLE IF EXISTS fold_incident{{.Local}};
TRUNCATE TABLE IF EXISTS fold_merged{{.Local}};
TRUNCATE TABLE IF EXISTS fold_rollback{{.Local}};
TRUNCATE TABLE IF EXISTS fold_rolled_back{{.Local}};
