-- The six numbers of the board panel, what to read beside each, and what it cannot say.
CREATE OR REPLACE VIEW board_item AS
SELECT * FROM VALUES('position UInt8, item String, metric String, beside Array(String), cannot_say String',
    (1, 'Severe failures with no net', 'containment.severe', ['learning_derivative.severe', 'learning_derivative.severe.per_deploy'],
        'How bad a failure was is judged by people. Failures that nobody told of are not here.'),
    (2, 'Learning per failure', 'learning_per_failure', ['learning_per_failure.placebo', 'learning_per_failure.power'],
        'Whether a failure mode was given its right name. A repeat under a new name is counted in the next number instead.'),
    (3, 'Failures of modes never seen before', 'new_modes.rate', ['new_modes.chance'],
        'Whether a new name is a new mode. At the beginning of a record every mode is new.'),
    (4, 'Failures that customers told us of', 'monitoring_gaps.told_by_customer', ['monitoring_gaps.told_by_customer.share'],
        'What customers met and did not tell. Failures whose detection is not known are in neither count.'),
    (5, 'Failures of modes with a known improvement open', 'known_open.rate', ['known_open.oldest', 'known_open.improvements'],
        'Improvements that nobody declared. Closing one on paper takes it out of here, not out of learning per failure.'),
    (6, 'Tuition paid', 'tuition.paid', ['tuition.costed_share', 'tuition.avoided'],
        'The cost of failures that nobody costed. What was avoided is modelled, never measured.'))
