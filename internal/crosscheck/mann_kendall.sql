-- Sum of the signs of all pairs, and τ-b from the pairs that are tied in neither.
SELECT
    a.sample AS sample,
    toInt64(sum(sign(a.t - b.t) * sign(toInt32(a.level) - toInt32(b.level)))) AS s,
    s / sqrt(countIf(a.t != b.t) * countIf(a.level != b.level)) AS tau_b
FROM graded AS a
INNER JOIN graded AS b ON a.sample = b.sample
WHERE a.id < b.id
GROUP BY sample
ORDER BY sample
