-- Every event once more, without what no view reads.
SELECT * EXCEPT (canonical, sha256, first_received), first_received FROM event WHERE kind != 'other'
