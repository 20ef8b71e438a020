-- The same as log_state, of the changes as the snapshot has them.
WITH
    (SELECT change_base FROM fold_run_current) AS base,
    (SELECT change_delta FROM fold_run_current) AS delta
SELECT
    sum(l.events) AS events,
    lower(hex(groupBitXor(l.hash))) AS hash,
    min(l.first) AS first,
    max(l.last) AS last
FROM
(
    SELECT toUInt64(f.events) AS events, f.events_hash AS hash, f.first_at AS first, f.last_at AS last
    FROM fold_change AS f
    WHERE f.run IN (base, delta) AND f.events != 0
        AND (delta = '' OR f.run = delta OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = delta))
    UNION ALL
    SELECT toUInt64(1), reinterpretAsUInt128(sipHash128(e.kind, e.entity, e.ord, if(e.kind = 'improvement', toUInt128(max(e.first_received)), 0))),
        e.occurred_at, e.occurred_at
    FROM event AS e
    WHERE e.kind != 'change'
    GROUP BY e.kind, e.entity, e.occurred_at, e.ord
) AS l
