-- A row that replaces those of entities of which no event is left.
INSERT INTO fold_change (run, key)
SELECT {run:String}, t.key FROM fold_touched AS t
WHERE t.run = {touched:String} AND t.key GLOBAL NOT IN (SELECT f.key FROM fold_change AS f WHERE f.run = {run:String})
