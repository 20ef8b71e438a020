-- Rollbacks, each a fact about the deploy that it names, else about the latest
-- earlier deploy of its service and environment.
CREATE OR REPLACE VIEW rollback AS
WITH
    (SELECT arraySort(groupArray((alias, service))) FROM service_alias) AS aliases,
    arrayConcat([''], aliases.1) AS known,
    arrayConcat([''], aliases.2) AS names
SELECT
    e.entity AS rollback_id,
    {{latest "service"}} AS service_told,
    transform(service_told, known, names, service_told) AS service,
    {{latest "environment"}} AS environment,
    -- Of the words of links only change: names a deploy.
    replaceOne({{latest "links"}}[1], 'change:', '') AS of_change,
    maxIf(e.occurred_at, NOT e.amends) AS at,
    {{latest "automatic_rollback"}} = 'yes' AS automatic
FROM
(
    SELECT
        e.*,
        e.predicate = 'amended' AS amends,
        if(amends, bitOr(e.ord, bitShiftLeft(toUInt128(1), 127)), e.ord) AS told
    FROM event AS e
    WHERE e.kind = 'change' AND e.entity GLOBAL IN
        (SELECT r.entity FROM event AS r WHERE r.kind = 'change' AND r.predicate = 'rolledback')
) AS e
GROUP BY e.entity
HAVING countIf(e.predicate = 'retracted') = 0
