-- Incidents with the catalog's names, and with the failure mode and service that
-- the rules give where none is stated: of the rules that hold, the first of the file.
CREATE OR REPLACE VIEW incident_named AS
WITH {{aliases}}
SELECT
    i.incident_id AS incident_id,
    if(i.told != '', i.told, r.service) AS service,
    if(i.told != '' OR r.service = '', i.services, [r.service]) AS services,
    if(i.failure_mode != '', i.failure_mode, r.failure_mode) AS failure_mode,
    if(s.team = '', 'unassigned', s.team) AS team,
    (s.name != '')::Bool AS in_catalog,
    i.* EXCEPT (incident_id, service_told, services_told, told, services, failure_mode)
FROM
(
    SELECT
        *,
        transform(service_told, known, names, service_told) AS told,
        arrayDistinct(arrayMap(name -> transform(name, known, names, name), services_told)) AS services
    FROM incident_told
) AS i
LEFT JOIN
(
    SELECT t.incident_id AS incident_id, argMin((f.failure_mode, f.rule_service), f.position) AS given,
        given.1 AS failure_mode, given.2 AS service
    FROM
    (
        SELECT incident_id, labels, transform(service_told, known, names, service_told) AS told FROM incident_told
    ) AS t
    CROSS JOIN
    (
        SELECT *, transform(service, known, names, service) AS rule_service FROM failure_mode_rule_current
    ) AS f
    WHERE (empty(f.incidents) OR has(f.incidents, t.incident_id))
        AND (f.rule_service = '' OR t.told IN ('', f.rule_service))
        AND arrayAll((label, pattern) -> mapContains(t.labels, label) AND match(t.labels[label], pattern),
            mapKeys(f.labels), mapValues(f.labels))
    GROUP BY t.incident_id
) AS r ON r.incident_id = i.incident_id
LEFT JOIN service AS s ON s.name = if(i.told != '', i.told, r.service)
