SELECT max(p.sequence) FROM publication AS p
