SELECT
    x.experiment_id, x.service, if(s.team = '', 'unassigned', s.team), x.environment, x.services, x.kind, x.verdict, x.failure_mode,
    x.containment, x.started_at, x.finished_at, x.loss_currency, x.loss_low, x.loss_likely, x.loss_high, x.imported
FROM experiment_state AS x
LEFT JOIN service AS s ON s.name = x.service
WHERE x.finished_at < @as_of
ORDER BY x.finished_at, x.experiment_id
