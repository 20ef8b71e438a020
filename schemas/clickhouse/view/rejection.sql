-- Records that were not accepted, each once: code and pointer say what and where in
-- the record, expected and mend what would have been accepted. The record itself is a
-- dead letter, which sha256 identifies; file and line where it came from a file.
CREATE OR REPLACE VIEW rejection AS
SELECT
    {{moment "min(r.received_at)"}} AS received_at,
    r.code AS code,
    min(r.pointer) AS pointer,
    min(r.expected) AS expected,
    min(r.mend) AS mend,
    r.topic AS topic,
    r.partition AS partition,
    r.offset AS offset,
    nullIf(r.file, '') AS file,
    nullIf(r.line, 0) AS line,
    lower(hex(r.sha256)) AS sha256
FROM rejection_row AS r
GROUP BY r.topic, r.partition, r.offset, r.file, r.line, r.sha256, r.code
