-- Survival just after each event time, and Greenwood's sum, by self-join:
-- at risk are those whose time is not earlier.
WITH
    moments AS (SELECT sample, t, sum(event) AS events FROM lifetime GROUP BY sample, t HAVING events > 0),
    steps AS (
        SELECT m.sample AS sample, m.t AS t, any(m.events) AS events, countIf(l.t >= m.t) AS at_risk
        FROM moments AS m
        INNER JOIN lifetime AS l ON m.sample = l.sample
        GROUP BY sample, t
    )
SELECT
    late.sample AS sample,
    late.t AS t,
    arrayProduct(groupArray(1 - early.events / early.at_risk)) AS survival,
    sum(early.events / early.at_risk / greatest(early.at_risk - early.events, 0)) AS greenwood
FROM steps AS late
INNER JOIN steps AS early ON late.sample = early.sample
WHERE early.t <= late.t
GROUP BY sample, t
ORDER BY sample, t
