-- Improvements number {{.From}} to {{.To}}: each opened for the mode of an incident, three of four closed a month later.
INSERT INTO event (kind, predicate, entity, source, id, type, occurred_at, emitted_at, received_at, ord, stated, attributes)
WITH
    sipHash64({{.Seed}}, 'improvement', number) AS draw,
    toUInt64(number * {{.IncidentsPerImprovement}}) AS from_incident,
    {{template "moment" (print "(from_incident * " .ChangesPerIncident ")")}} + 86400000 AS opened
SELECT
    'improvement', telling, concat('IMP-', toString(number)), '/tracker', concat('IMP-', toString(number), ' ', telling),
    concat('dev.cdeventsx.tuition-improvement.', telling, '.0.1.0'),
    opened + if(telling = 'closed', toInt64(2592000000), toInt64(0)) AS occurred, occurred, occurred + 1000,
    bitOr(bitShiftLeft(toUInt128(occurred), 64), toUInt128(sipHash64('improvement', number, telling))),
    if(telling = 'opened', {{states "attributes"}}, 0),
    if(telling = 'opened', concat('{"kind":"test","fromFailure":"INC-', toString(from_incident), '"}'), '')
FROM
(
    SELECT number, arrayJoin(arrayFilter((telling, told) -> told, ['opened', 'closed'], [1, sipHash64({{.Seed}}, 'improvement', number) % 4 != 0])) AS telling
    FROM numbers({{.From}}, {{.To}} - {{.From}})
)
