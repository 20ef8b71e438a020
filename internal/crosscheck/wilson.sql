-- Roots p of |k/n − p| = z·√(p(1 − p)/n), with the normal quantile of 97.5 % written out.
WITH
    1.959963984540054 AS z,
    n + z * z AS a,
    -(2 * k + z * z) AS b,
    k * k / n AS c
SELECT
    sample,
    (-b - sqrt(b * b - 4 * a * c)) / (2 * a) AS low,
    (-b + sqrt(b * b - 4 * a * c)) / (2 * a) AS high
FROM share
ORDER BY sample
