SELECT * EXCEPT (canonical, sha256, first_received), first_received FROM event
WHERE (occurred_at < {as_of:Int64} OR predicate IN ('amended', 'retracted'))
    AND cityHash64(entity) GLOBAL IN (SELECT t.key FROM {database:Identifier}.fold_touched AS t WHERE t.run = {touched:String})
