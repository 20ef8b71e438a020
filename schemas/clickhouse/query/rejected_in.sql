-- Records of one span of offsets that were not accepted, by reason.
SELECT code, toInt64(count()) FROM rejection
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset BETWEEN {first:Int64} AND {last:Int64}
GROUP BY code ORDER BY code
