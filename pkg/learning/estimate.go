package learning

// State says whether a number may be read.
type State string

// The states, and the number each has in `estimate.state_code` (for alerts).
const (
	OK               State = "ok"                // 0
	Insufficient     State = "insufficient"      // 1: Reading says how much more is needed
	AssumptionFailed State = "assumption_failed" // 2: Reading says which
)

// Code is the state as a number: 0 ok, 1 insufficient, 2 assumption failed.
func (s State) Code() int {
	switch s {
	case OK:
		return 0
	case Insufficient:
		return 1
	default:
		return 2
	}
}

// Scope is whom a number is about.
type Scope struct {
	Kind string // organisation, team, service, environment, failure_mode
	Name string // "" for the organisation
}

// Estimate is one number with all that is needed to read it honestly.
// Value and bounds are NaN where the state does not allow them.
type Estimate struct {
	Metric string // one of Metrics: a family and its part, "repeat_rate.after_fix.90d"
	Scope  Scope
	Window string // "all" or a quarter, "2026-Q3"
	AsOf   int64  // milliseconds

	Value, Low, High float64
	Level            float64 // 0.95
	Low50, High50    float64
	Unit             string // share, seconds, per_1000_service_days, change_per_quarter (−0.1: a tenth fewer), ratio, count, or the currency's ISO 4217 code (money where none is known)

	N        int64   // what was counted (numerator's population; said in Reading)
	Events   int64   // how many of them were the event of interest
	Exposure float64 // service-days, or the denominator of a share
	Censored int64   // unfinished things that were kept as censored
	Lacks    int64   // how many more of what N counts a figure needs; 0 where it has one, or lacks something else

	State   State
	Method  string // the estimator and interval, in the field's words
	Origin  string // measured, modelled, stated
	Verdict string // "", better, worse: only at quarter close
	Reading string // the plain sentence
}

// Evidence traces an estimate to what it counted.
type Evidence struct {
	Metric string
	Scope  Scope
	Window string
	Role   string // event, censored, population
	Kind   string // incident, change, experiment, near_miss, monitoring_gap, improvement, postmortem, risk, cost, service
	Entity string
}

// Run is one whole computation, published at once or not at all.
type Run struct {
	ID          string // hash of inputs, settings and as_of
	AsOf        int64
	InputEvents uint64 // distinct events of the log that were folded
	Estimates   []Estimate
	Evidence    []Evidence   // by estimate, then by role, kind and entity; none from ComputeTo
	Watch       []WatchPoint // sorted by scope, what, clock and moment
}
