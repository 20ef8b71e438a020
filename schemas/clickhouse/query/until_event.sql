-- The log cut at a moment: what happened before it, and what corrects that, whenever
-- it was said. A later revision of a post-mortem is a correction; one that was first
-- published later is left out by when that was.
SELECT * EXCEPT (canonical, sha256, first_received), first_received FROM event
WHERE occurred_at < @as_of OR predicate IN ('amended', 'retracted') OR kind = 'postmortem'
