-- Records that were not accepted, each once.
CREATE OR REPLACE VIEW rejection AS
SELECT
    {{moment "min(r.received_at)"}} AS received_at,
    r.code AS code,
    any(r.pointer) AS pointer,
    any(r.expected) AS expected,
    any(r.mend) AS mend,
    r.topic AS topic,
    r.partition AS partition,
    r.offset AS offset,
    nullIf(r.file, '') AS file,
    nullIf(r.line, 0) AS line,
    lower(hex(r.sha256)) AS sha256
FROM rejection_row AS r
GROUP BY r.topic, r.partition, r.offset, r.file, r.line, r.sha256, r.code
