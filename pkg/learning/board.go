package learning

// BoardItem is one of the numbers of the board panel, with what to read beside it
// and what it cannot say. The view board_item has the same.
type BoardItem struct {
	Title, Metric string
	Beside        []string // metrics
	CannotSay     string
}

// Board is the board panel: six numbers that are hard to fool together. What makes
// one of them look better without being better makes another look worse.
var Board = []BoardItem{
	{
		"Severe failures with no net", "containment.severe",
		[]string{"learning_derivative.severe", "learning_derivative.severe.per_deploy"},
		"How bad a failure was is judged by people. Failures that nobody told of are not here.",
	},
	{
		"Learning per failure", "learning_per_failure",
		[]string{"learning_per_failure.placebo", "learning_per_failure.power"},
		"Whether a failure mode was given its right name. A repeat under a new name is counted in the next number instead.",
	},
	{
		"Failures of modes never seen before", "new_modes.rate",
		[]string{"new_modes.chance"},
		"Whether a new name is a new mode. At the beginning of a record every mode is new.",
	},
	{
		"Failures that customers told us of", "monitoring_gaps.told_by_customer",
		[]string{"monitoring_gaps.told_by_customer.share"},
		"What customers met and did not tell. Failures whose detection is not known are in neither count.",
	},
	{
		"Failures of modes with a known improvement open", "known_open.rate",
		[]string{"known_open.oldest", "known_open.improvements"},
		"Improvements that nobody declared. Closing one on paper takes it out of here, not out of learning per failure.",
	},
	{
		"Tuition paid", "tuition.paid",
		[]string{"tuition.costed_share", "tuition.avoided"},
		"The cost of failures that nobody costed. What was avoided is modelled, never measured.",
	},
}

// BoardScopes are the kinds of scope that the board panel is given for.
var BoardScopes = []string{wholeOrganisation, team}
