-- What the events of each entity of kind change tell, whatever that is: a change of
-- production, a rollback, both, or nothing that counts. '' and 0 unknown. Only what
-- tells of the change itself says when it began and finished: its publication, its
-- removal and its rollback have times of their own.
CREATE OR REPLACE VIEW change_entity AS
WITH {{aliases}}
SELECT
    cityHash64(e.entity) AS key,
    sum(cityHash64(e.ord, e.first_received)) AS rows_hash,
    e.entity AS entity,
    countIf(e.predicate = 'retracted') = 0 AND countIf(e.changes) > 0 AS is_change,
    countIf(e.predicate = 'retracted') = 0 AND countIf(e.predicate = 'rolledback') > 0 AS is_rollback,
    toString(max(e.change_kind)) AS kind,
    {{latest "service"}} AS service_told,
    transform(service_told, known, names, service_told) AS service,
    {{latest "environment"}} AS environment,
    {{latest "version"}} AS version,
    {{latest "commit_sha"}} AS commit_sha,
    {{latest "artifact"}} AS artifact,
    {{corrected "started_at" "minIf(e.started_at, e.started_at != 0 AND e.changes)"}} AS started_at,
    {{corrected "finished_at" "maxIf(e.own_finished_at, e.changes)"}} AS finished_at,
    argMaxIf(e.own_outcome, e.told, e.own_outcome != '' OR {{states "outcome"}}) AS outcome,
    {{latest "rollout"}} AS rollout,
    toString({{latest "automatic_rollback"}}) AS automatic_rollback,
    {{latest "flag_key"}} AS flag_key,
    {{latest "flag_from"}} AS flag_from,
    {{latest "flag_to"}} AS flag_to,
    toString({{latest "kill_switch"}}) AS kill_switch,
    toString({{latest "planned"}}) AS planned,
    argMinIf(toString(e.source), e.ord, NOT e.amends) AS source,
    arraySort(groupUniqArrayIf(toString(e.source), NOT e.amends)) AS sources,
    argMax(e.imported, e.first_received) AS imported,
    -- Of the words of links only change: names a deploy.
    replaceOne({{latest "links"}}[1], 'change:', '') AS of_change,
    maxIf(e.occurred_at, e.predicate = 'rolledback') AS rollback_at,
    -- Its distinct events, as log_state hashes them.
    groupUniqArray(e.ord) AS ords,
    toUInt32(length(ords)) AS events,
    arrayReduce('groupBitXor', arrayMap(ord -> reinterpretAsUInt128(sipHash128(any(e.kind), e.entity, ord, toUInt128(0))), ords)) AS events_hash,
    min(e.occurred_at) AS first_at,
    max(e.occurred_at) AS last_at
FROM
(
    SELECT
        e.*,
        e.first_received,
        e.predicate = 'amended' AS amends,
        e.predicate IN ('deployed', 'upgraded', 'finished', 'changed') AS changes,
        if(amends, bitOr(e.ord, bitShiftLeft(toUInt128(1), 127)), e.ord) AS told,
        if({{states "finished_at"}} AND e.finished_at != 0, e.finished_at, e.occurred_at) AS own_finished_at,
        -- CDEvents tells of a deployed or upgraded service once it runs.
        multiIf({{states "outcome"}}, toString(e.outcome), e.predicate IN ('deployed', 'upgraded'), 'succeeded', '') AS own_outcome
    FROM event AS e
    WHERE e.kind = 'change'
) AS e
GROUP BY e.entity
