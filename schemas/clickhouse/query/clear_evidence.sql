-- Parts that nothing rests on any more.
ALTER TABLE evidence_part{{.Local}} DELETE WHERE part NOT IN (SELECT arrayJoin(parts) FROM estimate_basis) SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1;
