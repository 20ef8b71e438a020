SELECT argMax(p.run, (p.sequence, p.run)), max(p.sequence) FROM publication AS p WHERE p.subject = @subject
