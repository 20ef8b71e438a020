-- A row that replaces those of changes that are none any more, or a part of another.
INSERT INTO fold_change_state (run, key)
SELECT {run:String}, t.key FROM fold_touched AS t
WHERE t.run = {touched:String} AND t.key GLOBAL NOT IN (SELECT f.key FROM fold_change_state AS f WHERE f.run = {run:String})
