-- What an earlier snapshot merged and nothing touched since.
INSERT INTO fold_merged (run, entity, change_id, same)
SELECT {run:String}, f.entity, f.change_id, f.same
FROM fold_merged AS f
WHERE f.run = {was:String} AND f.same GLOBAL NOT IN (SELECT t.key FROM fold_touched AS t WHERE t.run = {touched:String})
