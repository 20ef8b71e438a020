package learning

import "cmp"

// Input is everything the estimators read: folded rows, never a connection.
// Times are milliseconds since 1970 UTC, 0 unknown. Every slice is sorted by
// its first time and then by id, so that equal logs give equal bytes.
type Input struct {
	AsOf        int64  // nothing that happened then or later is in the rows
	Start       int64  // the earliest exposure, 0 if there is none
	Hash        string // of the distinct events, the catalog, the failure-mode rules and the settings
	InputEvents uint64

	Incidents    []Incident
	Recurrences  []Recurrence
	Improvements []Improvement
	Gaps         []MonitoringGap
	Changes      []ChangeCount
	FailedChange []FailedChange
	Crossover    []Crossover
	Services     []Service
	Experiments  []Experiment
	NearMisses   []NearMiss
	Postmortems  []Postmortem
	Risks        []Risk
	Costs        []Cost
	Warnings     []Warning
	Coverage     Coverage
}

// Incident is a row of the view `incident`.
type Incident struct {
	ID              string
	Service         string // "" unknown
	Team            string // "unassigned" if the catalog does not know the service
	Environment     string
	StartedAt       int64
	FirstToldAt     int64 // the first that anybody was told of it; where neither start nor detection is known
	DetectedAt      int64
	AcknowledgedAt  int64
	MitigatedAt     int64
	ResolvedAt      int64  // 0 while open
	DetectionSource string // monitoring, customer, employee, experiment; unknown or "" unknown
	FailureMode     string // "" unknown
	CauseCategory   string
	Containment     string // contained, escaped, uncontained
	DuplicateOf     string
	BlastRadius     float64 // share of users or requests affected, 0 to 1; below 0 unknown
	// Stated durations in seconds, told by people rather than derived from times; -1 unknown.
	StatedDetectSeconds  int64
	StatedResolveSeconds int64

	ReopenCount       int32
	Severity          uint8 // 0 unknown
	IsDrill, Imported bool
}

// At is the incident's moment: its start, else its detection, else when it was
// first told of; 0 if none is known.
func (i *Incident) At() int64 { return cmp.Or(i.StartedAt, i.DetectedAt, i.FirstToldAt) }

// End is when it was resolved, else mitigated; 0 while it lasts.
func (i *Incident) End() int64 { return cmp.Or(i.ResolvedAt, i.MitigatedAt) }

// Recurrence is a row of the view `recurrence`: a failure whose mode had been met before on the service.
type Recurrence struct {
	IncidentID, EarlierID string
	Class                 string // repeat, known_open, unaddressed
	AlsoOpen, Abandoned   bool   // of the view recurrence
	GapSeconds            int64
}

// Improvement is a row of the view `improvement`. One that names no service or
// mode takes those of the incident FromFailure; one that still names no service
// is a fix of its mode on every service.
type Improvement struct {
	ID, Service, Team, FailureMode, Kind, FromFailure string
	OpenedAt, ClosedAt, VerifiedAt, AbandonedAt       int64
	WitnessedClosedAt                                 int64 // later of ClosedAt and first witnessed; equals ClosedAt for imported history
	ReopenedAt                                        int64 // opened again after ClosedAt and not closed since; what ClosedAt declared stays declared
	Imported                                          bool
}

// MonitoringGap is a row of the view `monitoring_gap`.
type MonitoringGap struct {
	ID, Service, Team, FailureMode string
	FoundAt, ClosedAt              int64
	State                          string // open, unproven, proven, reopened
	DecidedAt                      int64  // when proven or reopened
}

// ChangeOf is what many changes have in common. There are far more changes than
// kinds of them: rows point to one that they share.
type ChangeOf struct {
	Service, Team, Environment, Kind, Rollout string
}

// ChangeCount counts changes of one service, each once.
type ChangeCount struct {
	*ChangeOf
	Quarter    string // of finished_at: "2026-Q3"
	Changes    int64  // old enough for the attribution window
	Failed     int64  // failed, rolled back, or stated or corroborated as a cause
	TooYoung   int64  // not yet old enough: censored
	EndingTold int64  // of Changes, those of which an outcome, a rollback or a cause is told
}

// FailedAs is what many failed changes have in common, shared as ChangeOf is.
type FailedAs struct {
	ChangeOf
	Why         string // outcome, rolled_back, stated, corroborated
	Containment string // contained, escaped, uncontained
	Blamed      bool   // stated or corroborated as a cause of an incident: one failure with it
}

// FailedChange is one failed change, for evidence and for time to rollback.
type FailedChange struct {
	*FailedAs
	ID                       string
	FinishedAt, RolledBackAt int64
}

// Crossover is one incident of the case-crossover: was there a change in the
// window before it, and in the same window 1 to 4 weeks earlier. Rows of drills
// and duplicates are not used.
type Crossover struct {
	IncidentID     string
	At             int64
	ReferenceShare float64 // share of the earlier windows that had one
	References     int8    // how many earlier windows were observed, 0 to 4
	Exposed        bool    // a change lay in the attribution window before it
}

// Service is a service's exposure. Every service with a deploy, a change or an
// incident is one, whether the catalog knows it or not; one that only incidents
// name may be left out, and then lives from its first failure to as_of. A
// failure at AliveFrom opened the observation and enters no rate.
type Service struct {
	Name, Team, Tier   string
	InCatalog          bool
	AliveFrom, AliveTo int64 // first sign of it (or the catalog's date) to as_of or its removal
	Deploys            Deploys
	Environments       []Presence
}

// Presence is a service in one environment: from the first sign of it there to
// as_of or its removal, with the deploys that went there. In the order of the
// environments' names; changes and incidents that name none are in none.
type Presence struct {
	Environment        string
	AliveFrom, AliveTo int64
	Deploys            Deploys
}

// Experiment is a row of the view `experiment`.
type Experiment struct {
	ID, Service, Team, Environment string
	Services                       []string
	Kind                           string // chaos, game-day, ab, staging, canary
	Verdict                        string // held, refuted, inconclusive
	FailureMode                    string // "" unknown
	Containment                    string // contained, escaped, uncontained
	StartedAt, FinishedAt          int64
	LossAvoided                    Money
	Imported                       bool
}

// NearMiss is a row of the view `near_miss`.
type NearMiss struct {
	ID, Service, Team, Environment string
	Services                       []string
	FailureMode, AvertedBy         string
	At                             int64
	Imported                       bool
}

// Postmortem is a row of the view `postmortem`, as last published or amended.
type Postmortem struct {
	ID                                  string
	Incidents                           []string
	PublishedAt                         int64
	PublishedFrom                       string // what stands for PublishedAt where nobody told when it was published; "" told
	CauseCategories, Factors, Surprises []string
	BlamelessCheck                      string // passed, failed, contradicted (stated to have passed, and does not), not-checked; "" not told
	Imported                            bool
}

// Risk is a row of the view `risk`: a prediction, and the first failure of its
// mode within the horizon, if there was one.
type Risk struct {
	ID, Service, Team, Environment, FailureMode string
	Probability                                 float64 // that it happens within the horizon, 0 to 1; -1 unknown
	RecordedAt, HorizonEnds                     int64   // HorizonEnds 0: unknown, so that it can never be resolved
	IncidentID                                  string  // "" none so far
	HappenedAt                                  int64
}

// Cost is a row of the view `cost` that nothing superseded.
type Cost struct {
	ID      string
	Failure string // id of an incident, change, experiment or near miss: that of the incident into which it was merged, if it was
	// What is known of the failure: FailureKind is incident, change, experiment or near_miss,
	// "" where nobody told of it.
	FailureKind, Service, Team, FailureMode string
	FailedAt                                int64
	Covers                                  []string // revenue, people-hours, credits, penalties
	Method                                  string
	RecordedAt                              int64
	Money
}

// Money is a range in one currency; Likely is -1 where it is not told, and all
// three are -1 with Currency "" where nothing is told.
type Money struct {
	Currency          string // ISO 4217
	Low, Likely, High float64
}

// Warning is a row of joins 4 to 6: a failure mode was met in an experiment that
// refuted, in a near miss, or foretold as a risk, before an incident of the same
// mode on the same service. Of several of a kind it is the last one.
type Warning struct {
	IncidentID   string
	Kind, Entity string // experiment, near_miss or risk, and its id
	At           int64
	// HeededBy is the first improvement for the mode that was closed, and witnessed,
	// between the warning and the incident; "" none.
	HeededBy string
	HeededAt int64
}

// Coverage says what share of incidents lack what the metrics need.
type Coverage struct {
	Incidents, NoFailureMode, NoEnvironment, NoStart, NoSeverity, NoService, NotInCatalog int64
	UnwitnessedFixes, Fixes                                                               int64
	AutomaticSource                                                                       int64 // incidents that came from an automatic source
}
