-- The log as a set: how many distinct events, and a hash that no order and no
-- repetition changes. When a fix was first witnessed is part of what is computed.
SELECT
    count() AS events,
    lower(hex(groupBitXor(reinterpretAsUInt128(sipHash128(l.kind, l.entity, l.ord, if(l.kind = 'improvement', toUInt128(l.witness), 0)))))) AS hash,
    min(l.occurred_at) AS first,
    max(l.occurred_at) AS last
FROM
(
    SELECT e.kind AS kind, e.entity AS entity, e.ord AS ord, e.occurred_at AS occurred_at, max(e.first_received) AS witness
    FROM event AS e
    GROUP BY e.kind, e.entity, e.occurred_at, e.ord
) AS l
