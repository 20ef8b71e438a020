-- The entities that incidents link to, under the links' words.
INSERT INTO fold_linked (run, link, change_id)
WITH wanted AS
(
    SELECT arrayJoin(f.links) AS word FROM fold_incident AS f
    WHERE f.run IN ({base:String}, {delta:String}) AND f.is_incident
        AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_incident AS d WHERE d.run = {delta:String}))
)
SELECT DISTINCT {named:String}, n.link, n.entity
FROM
(
    SELECT e.entity AS entity, arrayJoin([concat('change:', e.entity), if(e.commit_sha = '', '', concat('commit:', e.commit_sha)), concat('event:', e.id)]) AS link
    FROM event AS e
    WHERE e.kind = 'change' {{if .Cut}}AND (e.occurred_at < {as_of:Int64} OR e.predicate IN ('amended', 'retracted')){{end}} AND
    (
        e.entity GLOBAL IN (SELECT substring(word, 8) FROM wanted WHERE startsWith(word, 'change:'))
        OR e.commit_sha GLOBAL IN (SELECT substring(word, 8) FROM wanted WHERE startsWith(word, 'commit:') AND word != 'commit:')
        OR e.id GLOBAL IN (SELECT substring(word, 7) FROM wanted WHERE startsWith(word, 'event:'))
    )
) AS n
WHERE n.link GLOBAL IN (SELECT word FROM wanted)
