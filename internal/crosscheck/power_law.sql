-- β of Crow–AMSAA for time-truncated systems, and Laplace's statistic.
SELECT
    sample,
    count() / sum(log(ends / t)) AS beta,
    (avg(t) - any(ends) / 2) / (any(ends) / sqrt(12 * count())) AS laplace
FROM failure
GROUP BY sample
ORDER BY sample
