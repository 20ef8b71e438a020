SELECT p.postmortem_id, p.incidents, p.first_published_at, p.published_from, p.cause_categories, p.contributing_factors, p.surprises,
    -- What the wording says is no matter of statement.
    if(p.blameless_check = 'passed' AND p.blameless_found = 'failed', 'contradicted', p.blameless_check), p.imported
FROM postmortem_state AS p
WHERE p.first_published_at < @as_of
ORDER BY p.first_published_at, p.postmortem_id
