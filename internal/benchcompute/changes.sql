-- Changes number {{.From}} to {{.To}} of an organisation with {{.Services}} services, as two tools tell them: the
-- pipeline all, the deployer those of every tenth service again. Few services get many changes, a fortieth of all are
-- rolled back, as many failed, a fiftieth are of flags, a few are corrected. Equal arguments make equal rows.
INSERT INTO event (kind, predicate, entity, source, id, type, occurred_at, emitted_at, received_at, ord, stated, service, environment,
    change_kind, version, commit_sha, artifact, started_at, finished_at, outcome, rollout, automatic_rollback, flag_key, flag_from, flag_to, links)
WITH
    sipHash64({{.Seed}}, 'change', number) AS draw,
    {{template "service" "number"}} AS place,
    concat('service-', toString(place)) AS name,
    {{template "moment" "number"}} AS finished,
    draw % 50 = 0 AS is_flag,
    NOT is_flag AND draw % 40 = 1 AS is_rolled_back,
    NOT is_flag AND draw % 40 = 2 AS is_failed,
    bitAnd(bitShiftRight(draw, 20), 127) = 0 AS is_corrected,
    concat(lower(hex(draw)), lower(hex(sipHash64(draw)))) AS random,
    concat('d-', substring(random, 1, 16)) AS deploy
SELECT
    'change',
    multiIf(telling = 'told again', 'deployed', telling = 'rolled back', 'rolledback', telling = 'corrected', 'amended', is_flag, 'changed', 'finished'),
    multiIf(telling = 'told again', concat('a-', substring(random, 1, 16)), telling = 'rolled back', concat('r-', substring(random, 1, 16)), deploy),
    if(telling IN ('told again', 'rolled back'), '/argocd', if(is_flag, '/flags', '/ci')),
    concat(deploy, ' ', telling),
    multiIf(telling = 'told again', 'dev.cdevents.service.deployed.0.3.0', telling = 'rolled back', 'dev.cdevents.service.rolledback.0.3.0', 'dev.cdeventsx.tuition-deployment.finished.0.1.0'),
    finished + multiIf(telling = 'told again', toInt64(draw % 600000), telling = 'rolled back', 1800000, telling = 'corrected', 86400000, 0) AS occurred,
    occurred, occurred + 1000,
    bitOr(bitShiftLeft(toUInt128(occurred), 64), toUInt128(sipHash64(deploy, telling))),
    multiIf(
        telling = 'corrected', {{states "rollout"}},
        telling = 'rolled back', {{states "service" "environment" "automatic_rollback"}},
        is_flag, {{states "service" "environment" "flag_key" "flag_from" "flag_to"}},
        telling = 'told again', {{states "service" "environment" "commit" "artifact" "version"}},
        {{states "service" "environment" "commit" "version" "started_at" "outcome" "rollout"}}),
    if(telling = 'corrected', '', name),
    if(telling = 'corrected', '', if(bitAnd(bitShiftRight(draw, 30), 7) = 0, 'staging', 'production')),
    if(is_flag, 'flag', 'deploy'),
    if(is_flag OR telling = 'corrected', '', concat('1.', toString(number % 1000), '.', toString(draw % 100))),
    if(is_flag OR telling IN ('rolled back', 'corrected'), '', concat(random, substring(random, 3, 8))),
    if(telling = 'told again', concat('pkg:oci/', name, '@', substring(random, 1, 12)), ''),
    if(is_flag OR telling != 'told', 0, finished - toInt64(bitAnd(bitShiftRight(draw, 16), 524287))),
    0,
    multiIf(is_flag OR telling != 'told', '', is_failed, 'failed', 'succeeded'),
    multiIf(is_flag OR telling IN ('told again', 'rolled back'), '', telling = 'corrected', 'canary', transform(draw % 3, [0, 1], ['all-at-once', 'canary'], 'blue-green')),
    if(telling = 'rolled back', if(draw % 3 = 0, 'yes', 'no'), ''),
    if(is_flag, concat(name, '.', toString(draw % 7)), ''),
    if(is_flag, if(draw % 2 = 0, 'off', 'on'), ''),
    if(is_flag, if(draw % 2 = 0, 'on', 'off'), ''),
    []
FROM
(
    SELECT number, arrayJoin(arrayFilter((telling, told) -> told, ['told', 'told again', 'rolled back', 'corrected'],
        [1, NOT flagged AND told_twice, NOT flagged AND undone, amended])) AS telling
    FROM
    (
        SELECT number, sipHash64({{.Seed}}, 'change', number) AS drawn, drawn % 50 = 0 AS flagged, {{template "service" "number"}} % 10 = 0 AS told_twice,
            drawn % 40 = 1 AS undone, bitAnd(bitShiftRight(drawn, 20), 127) = 0 AS amended
        FROM numbers({{.From}}, {{.To}} - {{.From}})
    )
)
