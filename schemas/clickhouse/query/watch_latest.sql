SELECT scope_kind, scope, what, clock, toUnixTimestamp64Milli(at), method, toUnixTimestamp64Milli(year_from),
    ifNull(evidence, nan), ifNull(improvement, nan), ifNull(bar, nan), dispersion, n_before, n_since, exposure_before, exposure_since, state,
    ifNull(toUnixTimestamp64Milli(crossed_at), 0), ifNull(toUnixTimestamp64Milli(alarm_since), 0), ifNull(toUnixTimestamp64Milli(improved_since), 0),
    ifNull(power_doubling, nan), ifNull(power_tripling, nan), ifNull(delay_weeks, nan), ifNull(toUnixTimestamp64Milli(raised_at), 0), reading
FROM watch
WHERE latest
ORDER BY scope_kind, scope, what, clock
