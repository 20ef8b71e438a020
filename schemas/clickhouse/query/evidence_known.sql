-- Which of the parts of the external table are there.
SELECT DISTINCT part FROM evidence_part WHERE part GLOBAL IN asked
