-- What estimates counted, each stretch of it once under a hash of its content: most
-- is counted by several estimates, and by the next run again. What was published
-- before is carried over.
CREATE TABLE IF NOT EXISTS evidence_part{{.Local}}
(
    part FixedString(16),
    roles Array(LowCardinality(String)),
    kinds Array(LowCardinality(String)),
    entities Array(String),
    told_at Int64 -- when a publication named it last, or a day before: what nothing rests on goes two days later
)
ENGINE = {{.Replacing "evidence_part" "told_at"}}
ORDER BY (part)
SETTINGS index_granularity = 512;

{{.Distribute "evidence_part" "cityHash64(part)"}}

CREATE TABLE IF NOT EXISTS estimate_basis{{.Local}}
(
    run String,
    metric LowCardinality(String),
    scope_kind LowCardinality(String),
    scope String,
    window LowCardinality(String),
    parts Array(FixedString(16))
)
ENGINE = {{.Replacing "estimate_basis" ""}}
ORDER BY (run, metric, scope_kind, scope, window);

{{.Distribute "estimate_basis" "cityHash64(run)"}}

INSERT INTO evidence_part{{.Local}}
SELECT sipHash128(arrayStringConcat(arrayMap(x -> concat(toString(length(x.1)), x.1, toString(length(x.2)), x.2, x.3), entries), '\0')) AS part, entries.1, entries.2, entries.3, 0
FROM
(
    SELECT arraySort(groupUniqArray((toString(role), toString(kind), entity))) AS entries
    FROM estimate_evidence_row{{.Local}} GROUP BY run, metric, scope_kind, scope, window
)
GROUP BY entries;

INSERT INTO estimate_basis{{.Local}}
SELECT run, metric, scope_kind, scope, window,
    [sipHash128(arrayStringConcat(arrayMap(x -> concat(toString(length(x.1)), x.1, toString(length(x.2)), x.2, x.3), entries), '\0'))]
FROM
(
    SELECT run, metric, scope_kind, scope, window, arraySort(groupUniqArray((toString(role), toString(kind), entity))) AS entries
    FROM estimate_evidence_row{{.Local}} GROUP BY run, metric, scope_kind, scope, window
);

TRUNCATE TABLE IF EXISTS estimate_evidence_row{{.Local}};
