-- The changes that incidents link to, under the link's words: change:<deploy id>,
-- commit:<sha>, event:<context id>.
CREATE OR REPLACE VIEW change_linked AS
WITH (SELECT groupUniqArrayArray(links) FROM incident_told) AS wanted
SELECT l.link AS link, if(m.change_id = '', t.entity, m.change_id) AS change_id, min(t.finished_at) AS finished_at,
    max(t.environment) AS environment
FROM
(
    SELECT e.entity AS entity, arrayJoin(arrayFilter(word -> has(wanted, word),
        ['change:' || e.entity, if(e.commit_sha = '', '', 'commit:' || e.commit_sha), 'event:' || e.id])) AS link
    FROM event AS e
    WHERE e.kind = 'change' AND notEmpty(wanted)
    GROUP BY entity, link
) AS l
INNER JOIN
(
    SELECT * FROM change_told WHERE entity GLOBAL IN
    (
        SELECT e.entity FROM event AS e
        WHERE e.kind = 'change' AND (has(wanted, 'change:' || e.entity) OR has(wanted, 'commit:' || e.commit_sha) OR has(wanted, 'event:' || e.id))
    )
) AS t ON t.entity = l.entity
LEFT JOIN change_merged AS m ON m.entity = t.entity
GROUP BY link, change_id
