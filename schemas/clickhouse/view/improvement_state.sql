-- Improvements: '' and 0 unknown. closed_at is its first closing, which stays when it
-- is opened again (reopened_at, 0 if it was closed since): else opening it again after
-- a failure came back would take back that a fix had been declared. Abandoned counts
-- only if told after it was last opened. Of what happened in one millisecond the opening
-- was first: a tool that tells of both at once tells of one that is done. Failure mode and service are inherited from
-- the failure it came from where it states none.
CREATE OR REPLACE VIEW improvement_state AS
WITH {{aliases}}
SELECT
    p.improvement_id AS improvement_id,
    if(p.service_told != '', transform(p.service_told, known, names, p.service_told), f.service) AS service,
    if(p.failure_mode_told != '', p.failure_mode_told, f.failure_mode) AS failure_mode,
    p.* EXCEPT (improvement_id, service_told, failure_mode_told, last_opened_at, closings)
FROM
(
    SELECT
        e.entity AS improvement_id,
        {{latest "service"}} AS service_told,
        {{latest "failure_mode"}} AS failure_mode_told,
        {{word "kind"}} AS kind,
        {{word "title"}} AS title,
        {{word "fromFailure"}} AS from_failure,
        argMaxIf(toUnixTimestamp64Milli(ifNull(parseDateTime64BestEffortOrNull(JSONExtractString(e.attributes, 'dueAt'), 3, 'UTC'), toDateTime64(0, 3))),
            e.told, JSONHas(e.attributes, 'dueAt')) AS due_at,
        argMaxIf(JSONExtractString(e.attributes, 'evidence', 'kind'), e.told, JSONHas(e.attributes, 'evidence')) AS evidence_kind,
        minIf(e.occurred_at, e.predicate = 'opened') AS opened_at,
        maxIf(e.occurred_at, e.predicate = 'opened') AS last_opened_at,
        -- (when, when first witnessed) of each telling: of the same event told again the one received first.
        arrayFilter(x -> x.2 >= opened_at, arraySort(groupUniqArrayIf((e.ord, e.occurred_at, e.witnessed_at, e.imported), e.predicate = 'closed'))) AS closings,
        closings[1].2 AS closed_at,
        closings[1].3 AS witnessed_closed_at,
        if(notEmpty(closings) AND last_opened_at > closings[-1].2, last_opened_at, 0) AS reopened_at,
        minIf(e.occurred_at, e.predicate = 'verified') AS verified_at,
        if(maxIf(e.occurred_at, e.predicate = 'abandoned') >= last_opened_at, maxIf(e.occurred_at, e.predicate = 'abandoned'), 0) AS abandoned_at,
        closings[1].4 AS unwitnessed,
        argMax(e.imported, e.first_received) AS imported,
        argMin(toString(e.source), e.ord) AS source
    FROM
    (
        SELECT
            e.*,
            if(e.imported, e.occurred_at, greatest(e.occurred_at, if(e.emitted_at != 0, e.emitted_at, e.received_at))) AS witnessed_at,
            e.predicate = 'amended' AS amends,
            if(amends, bitOr(e.ord, bitShiftLeft(toUInt128(1), 127)), e.ord) AS told
        FROM
        (
            -- Each event once, as it was received first.
            SELECT e.*, e.first_received FROM event AS e
            WHERE e.kind = 'improvement'
            ORDER BY e.first_received DESC
            LIMIT 1 BY e.entity, e.ord
        ) AS e
    ) AS e
    GROUP BY e.entity
    HAVING {{exists}}
) AS p
LEFT JOIN (SELECT incident_id, service, failure_mode FROM incident_named) AS f ON f.incident_id = p.from_failure
