SELECT
    i.improvement_id, i.service, if(s.team = '', 'unassigned', s.team), i.failure_mode, i.kind, i.from_failure,
    if(i.opened_at >= @as_of, 0, i.opened_at),
    if(i.closed_at >= @as_of, 0, i.closed_at),
    if(i.verified_at >= @as_of, 0, i.verified_at),
    if(i.abandoned_at >= @as_of, 0, i.abandoned_at),
    if(i.closed_at >= @as_of, 0, i.witnessed_closed_at),
    if(i.closed_at = 0 OR i.closed_at >= @as_of, i.imported, i.unwitnessed),
    if(i.reopened_at >= @as_of, 0, i.reopened_at)
FROM improvement_state AS i
LEFT JOIN service AS s ON s.name = i.service
WHERE arrayMin(arrayFilter(at -> at != 0, [i.opened_at, i.closed_at, i.verified_at, i.abandoned_at])) < @as_of
ORDER BY i.opened_at, i.improvement_id
