-- Records that were not accepted, by reason.
SELECT code, toInt64(count()) FROM rejection GROUP BY code ORDER BY code
