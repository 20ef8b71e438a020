-- Parts told of before a moment that nothing rests on any more.
DELETE FROM evidence_part{{.Local}} WHERE told_at < {before:Int64} AND part NOT IN (SELECT arrayJoin(parts) FROM estimate_basis)
SETTINGS allow_nondeterministic_mutations = 1
