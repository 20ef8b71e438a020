-- Fails where the server cannot compile the pattern.
SELECT match(materialize(''), {pattern:String})
