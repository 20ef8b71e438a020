-- What was not accepted, and why; never the content. The record itself is in the
-- dead-letter topic.
CREATE TABLE IF NOT EXISTS rejection_row{{.Local}}
(
    code LowCardinality(String),
    pointer String,
    expected String,
    mend String,
    topic LowCardinality(String),
    partition Int32,
    offset Int64,
    file String,
    line Int64,
    sha256 FixedString(32),
    received_at Int64
)
ENGINE = {{.Replacing "rejection_row" ""}}
ORDER BY (topic, partition, offset, file, line, sha256, code)
{{.Durable}};

{{.Distribute "rejection_row" "cityHash64(topic, partition, file)"}}
