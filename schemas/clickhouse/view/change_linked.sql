-- The changes that incidents link to, under the link's words: change:<deploy id>,
-- commit:<sha>, event:<context id>.
CREATE OR REPLACE VIEW change_linked AS
WITH
    (SELECT groupUniqArrayArray(links) FROM incident_told) AS wanted,
    named AS
    (
        SELECT e.entity AS entity, e.commit_sha AS commit_sha, e.id AS id FROM event AS e
        WHERE e.kind = 'change' AND
        (
            e.entity GLOBAL IN (SELECT substring(word, 8) FROM (SELECT arrayJoin(wanted) AS word) WHERE startsWith(word, 'change:'))
            OR e.commit_sha GLOBAL IN (SELECT substring(word, 8) FROM (SELECT arrayJoin(wanted) AS word) WHERE startsWith(word, 'commit:') AND word != 'commit:')
            OR e.id GLOBAL IN (SELECT substring(word, 7) FROM (SELECT arrayJoin(wanted) AS word) WHERE startsWith(word, 'event:'))
        )
    )
SELECT l.link AS link, if(m.change_id = '', t.entity, m.change_id) AS change_id, min(t.finished_at) AS finished_at,
    max(t.environment) AS environment
FROM
(
    SELECT DISTINCT n.entity AS entity, n.link AS link
    FROM
    (
        SELECT e.entity AS entity, arrayJoin([concat('change:', e.entity), if(e.commit_sha = '', '', concat('commit:', e.commit_sha)), concat('event:', e.id)]) AS link
        FROM named AS e
    ) AS n
    WHERE n.link GLOBAL IN (SELECT arrayJoin(wanted))
) AS l
INNER JOIN
(
    SELECT * FROM change_told WHERE entity GLOBAL IN (SELECT entity FROM named)
) AS t ON t.entity = l.entity
LEFT JOIN change_merged AS m ON m.entity = t.entity
GROUP BY link, change_id
