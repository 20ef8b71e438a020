-- The part of the cut log that is folded anew.
SELECT * EXCEPT (canonical, sha256, first_received), first_received FROM event
WHERE (occurred_at < @as_of OR predicate IN ('amended', 'retracted')) AND entity GLOBAL IN (SELECT entity FROM until_touched)
