-- What an earlier part replaced and nothing touched since.
INSERT INTO fold_change_state
SELECT {run:String}, f.* EXCEPT (run)
FROM fold_change_state AS f
WHERE f.run = {delta:String} AND f.key GLOBAL NOT IN (SELECT t.key FROM fold_touched AS t WHERE t.run = {touched:String})
