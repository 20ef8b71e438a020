-- Which of the parts of the external table are there, and were told of since a moment.
SELECT DISTINCT part FROM evidence_part WHERE part GLOBAL IN asked AND told_at > @since
