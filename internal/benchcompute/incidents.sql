-- Incidents number {{.From}} to {{.To}}: each detected or reported, acknowledged and resolved; a fifth are amended, a
-- tenth reopened, a tenth link to a change of their service, one in fifty is a drill. Every fifth is of a mode that its
-- service had before.
INSERT INTO event (kind, predicate, entity, source, id, type, occurred_at, emitted_at, received_at, ord, stated, service, services, environment,
    severity, detection_source, failure_mode, planned, started_at, attributes, links)
WITH
    sipHash64({{.Seed}}, 'incident', number) AS draw,
    -- A change of about the same time: its service, and for the linked ones the change itself.
    toUInt64(number * {{.ChangesPerIncident}}) AS near,
    {{template "service" "near"}} AS place,
    concat('service-', toString(place)) AS name,
    {{template "moment" "near"}} + 1800000 + toInt64(draw % 7200000) AS began,
    concat('INC-', toString(number)) AS incident,
    600000 + toInt64(exp((draw % 1000) / 1000. * 6) * 60000) AS lasted
SELECT
    'incident', telling, incident, if(telling = 'detected', '/monitoring', '/pager'), concat(incident, ' ', telling),
    concat('dev.cdevents.incident.', telling, '.0.3.0'),
    began + multiIf(telling = 'acknowledged', 300000, telling = 'resolved', lasted, telling = 'reopened', lasted - 60000, telling = 'amended', 259200000, toInt64(draw % 120000)) AS occurred,
    occurred, occurred + 1000,
    bitOr(bitShiftLeft(toUInt128(occurred), 64), toUInt128(sipHash64(incident, telling))),
    multiIf(
        telling IN ('detected', 'reported'), {{states "service" "services" "environment" "severity" "detection_source" "failure_mode" "started_at" "planned" "attributes" "links"}},
        telling = 'amended', {{states "severity"}},
        0),
    if(telling IN ('detected', 'reported'), name, ''),
    if(telling IN ('detected', 'reported'), [name], []),
    if(telling IN ('detected', 'reported'), 'production', ''),
    if(telling IN ('detected', 'reported', 'amended'), 1 + draw % 5, 0),
    multiIf(telling = 'detected', 'monitoring', telling = 'reported', 'customer', ''),
    if(telling IN ('detected', 'reported'), concat('mode-', toString(draw % 40)), ''),
    if(telling IN ('detected', 'reported'), if(draw % 50 = 3, 'yes', 'no'), ''),
    if(telling IN ('detected', 'reported') AND draw % 3 != 0, began, 0),
    if(telling IN ('detected', 'reported'), concat('{"title":"Incident ', toString(number), '"}'), ''),
    if(telling IN ('detected', 'reported') AND draw % 10 = 4, [concat('change:d-', lower(hex(sipHash64({{.Seed}}, 'change', near))))], [])
FROM
(
    SELECT number, arrayJoin(arrayFilter((telling, told) -> told, ['detected', 'reported', 'acknowledged', 'resolved', 'reopened', 'amended'],
        [drawn % 4 != 0, drawn % 4 = 0, drawn % 8 != 5, drawn % 100 != 7, drawn % 10 = 6, drawn % 5 = 2])) AS telling
    FROM (SELECT number, sipHash64({{.Seed}}, 'incident', number) AS drawn FROM numbers({{.From}}, {{.To}} - {{.From}}))
)
