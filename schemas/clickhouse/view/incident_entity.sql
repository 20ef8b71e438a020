-- What the events of each entity of kind incident tell, names as the tools have
-- them: '' and 0 unknown. is_incident says whether that is an incident: one may be
-- retracted, or only ever have been amended.
-- Of what happened in one millisecond reopening was first: it has ended.
-- Nothing here depends on the order in which rows arrived, or on how often.
CREATE OR REPLACE VIEW incident_entity AS
SELECT
    cityHash64(incident_id) AS key, rows_hash, is_incident,
    incident_id, service_told, services_told, environment, severity, detection_source, failure_mode, cause_category,
    blast_radius, contained, contained_by, planned, duplicate_of,
    started_at, detected_at, acknowledged_at,
    if(last_reopened > last_mitigated AND last_reopened > last_resolved, 0, mitigated) AS mitigated_at,
    -- Of the ends told since it was last reopened: the latest correction, else the latest end.
    arraySort(r -> (r.1, r.2), arrayFilter(r -> r.3 >= last_reopened, resolutions))[-1].2 AS resolved_at,
    reopen_count, first_told_at, links, source, imported, automatic, title, labels,
    stated_detect_seconds, stated_resolve_seconds
FROM
(
    SELECT
        e.entity AS incident_id,
        sum(cityHash64(e.ord, e.first_received)) AS rows_hash,
        {{exists}} AS is_incident,
        argMaxIf(e.own_services[1], e.told, e.states_services) AS service_told,
        if(countIf(e.amends AND e.states_services) > 0,
            argMaxIf(e.own_services, e.told, e.amends AND e.states_services),
            arraySort(groupUniqArrayArray(e.own_services))) AS services_told,
        {{latest "environment"}} AS environment,
        {{latest "severity"}} AS severity,
        -- Who noticed first. A detection is a monitor's; of a report it is not known whose.
        {{corrected "detection_source" "argMinIf(e.own_detection_source, e.ord, e.own_detection_source != '' AND NOT e.amends)"}} AS detection_source_told,
        if(detection_source_told = 'unknown', '', detection_source_told) AS detection_source,
        {{latest "failure_mode"}} AS failure_mode,
        {{latest "cause_category"}} AS cause_category_told,
        if(cause_category_told = 'unknown', '', cause_category_told) AS cause_category,
        if(countIf({{states "blast_radius"}}) = 0, nan, {{latest "blast_radius"}}) AS blast_radius,
        {{latest "contained"}} AS contained,
        {{latest "contained_by"}} AS contained_by,
        {{latest "planned"}} AS planned,
        {{latest "duplicate_of"}} AS duplicate_of,
        {{corrected "started_at" "minIf(e.started_at, e.started_at != 0 AND NOT e.amends)"}} AS started_at,
        {{corrected "detected_at" "minIf(e.own_detected_at, e.own_detected_at != 0 AND NOT e.amends)"}} AS detected_at,
        {{corrected "acknowledged_at" "minIf(e.own_acknowledged_at, e.own_acknowledged_at != 0 AND NOT e.amends)"}} AS acknowledged_at,
        {{corrected "mitigated_at" "maxIf(e.own_mitigated_at, NOT e.amends)"}} AS mitigated,
        groupUniqArrayIf((if(e.amends, e.told, 0), e.own_resolved_at, e.ord),
            e.own_resolved_at != 0 OR (e.amends AND {{states "resolved_at"}})) AS resolutions,
        maxIf(e.ord, e.own_resolved_at != 0) AS last_resolved,
        maxIf(e.ord, e.own_mitigated_at != 0) AS last_mitigated,
        bitShiftLeft(toUInt128(maxIf(e.occurred_at, e.predicate = 'reopened')), 64) AS last_reopened, -- the least ord of its millisecond
        uniqExactIf(e.ord, e.predicate = 'reopened') AS reopen_count,
        minIf(e.occurred_at, NOT e.amends) AS first_told_at,
        {{corrected "links" "arraySort(groupUniqArrayArrayIf(e.links, NOT e.amends))"}} AS links,
        argMinIf(e.source, e.ord, NOT e.amends) AS source,
        argMax(e.imported, e.first_received) AS imported,
        countIf(e.predicate = 'detected') > 0 AND NOT imported AS automatic,
        argMaxIf(e.own_title, e.told, JSONHas(e.attributes, 'title')) AS title,
        argMaxIf(e.own_labels, e.told, JSONHas(e.attributes, 'labels')) AS labels,
        -- Durations that people told, kept apart from the derived ones; -1 unknown.
        if(countIf(JSONHas(e.attributes, 'statedDetectSeconds')) = 0, -1,
            argMaxIf(e.own_detect_seconds, e.told, JSONHas(e.attributes, 'statedDetectSeconds'))) AS stated_detect_seconds,
        if(countIf(JSONHas(e.attributes, 'statedResolveSeconds')) = 0, -1,
            argMaxIf(e.own_resolve_seconds, e.told, JSONHas(e.attributes, 'statedResolveSeconds'))) AS stated_resolve_seconds
    FROM
    (
        SELECT
            e.*,
            e.first_received,
            e.predicate = 'amended' AS amends,
            if(amends, bitOr(e.ord, bitShiftLeft(toUInt128(1), 127)), e.ord) AS told,
            {{states "services"}} OR {{states "service"}} AS states_services,
            if(notEmpty(e.services), e.services, if(e.service = '', [], [toString(e.service)])) AS own_services,
            multiIf({{states "detection_source"}}, toString(e.detection_source), e.predicate = 'detected', 'monitoring', '') AS own_detection_source,
            multiIf({{states "detected_at"}}, e.detected_at, e.predicate IN ('detected', 'reported'), e.occurred_at, 0) AS own_detected_at,
            multiIf({{states "acknowledged_at"}}, e.acknowledged_at, e.predicate = 'acknowledged', e.occurred_at, 0) AS own_acknowledged_at,
            multiIf({{states "mitigated_at"}}, e.mitigated_at, e.predicate = 'mitigated', e.occurred_at, 0) AS own_mitigated_at,
            multiIf({{states "resolved_at"}}, e.resolved_at, e.predicate = 'resolved', e.occurred_at, 0) AS own_resolved_at,
            JSONExtractString(e.attributes, 'title') AS own_title,
            JSONExtract(e.attributes, 'labels', 'Map(String, String)') AS own_labels,
            JSONExtract(e.attributes, 'statedDetectSeconds', 'Nullable(Int64)') AS detect_seconds,
            JSONExtract(e.attributes, 'statedResolveSeconds', 'Nullable(Int64)') AS resolve_seconds,
            ifNull(detect_seconds, -1) AS own_detect_seconds,
            ifNull(resolve_seconds, -1) AS own_resolve_seconds
        FROM event AS e
        WHERE e.kind = 'incident'
    ) AS e
    GROUP BY e.entity
)
