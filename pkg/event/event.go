package event

import (
	"math"
	"slices"
	"strings"
)

// Millis is a moment in milliseconds since 1970-01-01T00:00:00Z; 0 means unknown.
// Every clock is cut to milliseconds before any use, so that order and identity
// do not depend on a producer's precision.
type Millis int64

// Kind says which entity an event speaks of. The numbers are stored: append only.
type Kind uint8

// The kinds of entity.
const (
	KindOther         Kind = 0 // a known type that feeds no metric yet; stored all the same
	KindIncident      Kind = 1
	KindChange        Kind = 2
	KindExperiment    Kind = 3
	KindNearMiss      Kind = 4
	KindPostmortem    Kind = 5
	KindImprovement   Kind = 6
	KindMonitoringGap Kind = 7
	KindRisk          Kind = 8
	KindCost          Kind = 9
)

// Predicate says what happened to the entity. The numbers are stored: append only.
type Predicate uint8

// The predicates, of CDEvents and of tuition's own types.
const (
	PredicateOther        Predicate = 0
	PredicateDetected     Predicate = 1  // incident: a monitor noticed
	PredicateReported     Predicate = 2  // incident: a human told us, which kind of human is unknown
	PredicateAcknowledged Predicate = 3  // incident
	PredicateMitigated    Predicate = 4  // incident
	PredicateResolved     Predicate = 5  // incident
	PredicateReopened     Predicate = 6  // incident
	PredicateAmended      Predicate = 7  // any: a correction made later
	PredicateRetracted    Predicate = 8  // any: it never was
	PredicateDeployed     Predicate = 9  // change
	PredicateUpgraded     Predicate = 10 // change
	PredicateRolledBack   Predicate = 11 // change: a fact about the latest earlier change of service and environment
	PredicateRemoved      Predicate = 12 // change
	PredicatePublished    Predicate = 13 // service (kind change) or post-mortem
	PredicateFinished     Predicate = 14 // deployment, experiment
	PredicateChanged      Predicate = 15 // flag
	PredicateRecorded     Predicate = 16 // near miss, risk, cost
	PredicateOpened       Predicate = 17 // improvement
	PredicateClosed       Predicate = 18 // improvement, monitoring gap
	PredicateVerified     Predicate = 19 // improvement
	PredicateAbandoned    Predicate = 20 // improvement
	PredicateFound        Predicate = 21 // monitoring gap
)

// Stated is the set of attributes that an event states. An attribute that is
// stated but holds its unknown value was declared unknown (null); one that is
// not stated leaves the entity untouched. The bits are stored: append only.
type Stated uint64

// One bit for each typed attribute of Event.
const (
	StatedService Stated = 1 << iota
	StatedServices
	StatedEnvironment
	StatedSeverity
	StatedDetectionSource
	StatedFailureMode
	StatedCauseCategory
	StatedBlastRadius
	StatedContained
	StatedContainedBy
	StatedPlanned
	StatedDuplicateOf
	StatedStartedAt
	StatedDetectedAt
	StatedAcknowledgedAt
	StatedMitigatedAt
	StatedResolvedAt
	StatedVersion
	StatedCommit
	StatedArtifact
	StatedFinishedAt
	StatedOutcome
	StatedRollout
	StatedAutomaticRollback
	StatedFlagKey
	StatedFlagFrom
	StatedFlagTo
	StatedKillSwitch
	StatedLinks
	StatedAttributes
)

// Tristate is a yes, a no, or nothing known.
type Tristate uint8

// The three states.
const (
	Unknown Tristate = 0
	Yes     Tristate = 1
	No      Tristate = 2
)

// ChangeKind separates the two ways of changing production.
type ChangeKind uint8

// The kinds of change.
const (
	ChangeNone   ChangeKind = 0 // not a change event
	ChangeDeploy ChangeKind = 1
	ChangeFlag   ChangeKind = 2
)

// Event is one canonical event: the row that is stored. Closed vocabularies
// (detection source, outcome, …) are kept as the words of the schema; the empty
// word is unknown. Strings and slices may share memory with the record that was
// decoded and with the decoder: they are good until the decoder's next call.
type Event struct {
	Kind      Kind
	Predicate Predicate
	Entity    string // the entity's identity within its kind; for a change the stated deploy id, else a hash of service, environment, artifact and time

	Source string // context.source
	ID     string // context.id
	Type   string // context.type, with its version

	OccurredAt Millis // when it happened, as the source says (for an amendment: when the correction was made)
	EmittedAt  Millis // when the source sent it (CloudEvents time), 0 if it does not say
	ReceivedAt Millis // the Kafka record's timestamp, so that reading a record again gives the same row
	Imported   bool   // history brought in by import: nobody witnessed it at the time

	// OrdHigh is OccurredAt, OrdLow is hash64(source, id, type, canonical):
	// together the UInt128 `ord` by which everything is ordered, everywhere.
	OrdHigh, OrdLow uint64

	Stated Stated

	Service     string
	Services    []string // all services that an incident touched, Service first
	Environment string

	// Incidents; FailureMode, Service and Contained also for the other learning entities.
	Severity        uint8   // 1 worst to 5; 0 unknown
	DetectionSource string  // monitoring, customer, employee, experiment, unknown or ""
	FailureMode     string  //
	CauseCategory   string  // a category of the system, never a person
	BlastRadius     float64 // share of users or requests, 0 to 1; NaN unknown
	Contained       Tristate
	ContainedBy     string
	Planned         Tristate // a drill or planned maintenance
	DuplicateOf     string
	StartedAt       Millis
	DetectedAt      Millis // stated times; the events' own times fold in SQL
	AcknowledgedAt  Millis
	MitigatedAt     Millis
	ResolvedAt      Millis

	// Changes. StartedAt is shared with incidents.
	ChangeKind        ChangeKind
	Version           string
	Commit            string
	Artifact          string
	FinishedAt        Millis
	Outcome           string // succeeded, failed, cancelled or ""
	Rollout           string // all-at-once, canary, blue-green or ""
	AutomaticRollback Tristate
	FlagKey           string
	FlagFrom          string
	FlagTo            string
	KillSwitch        Tristate

	// Links to changes that the event states: "change:<deploy id>", "commit:<sha>", "event:<context id>".
	Links []string

	// Attributes is the JSON object of what has no column of its own: for the rarer
	// entities all of subject.content, for incidents title and labels. "" if there is nothing.
	Attributes string

	Canonical string   // the event as canonical JSON (RFC 8785), after redaction
	SHA256    [32]byte // of the original CDEvent bytes
}

// Reset makes e an event that states nothing, keeping its slices' memory.
func (e *Event) Reset() {
	services, links := e.Services[:0], e.Links[:0]
	*e = Event{Services: services, Links: links, BlastRadius: math.NaN()}
}

// Clone copies e and all the memory that it shares.
func (e *Event) Clone() *Event {
	c := *e
	for _, s := range [...]*string{
		&c.Entity, &c.Source, &c.ID, &c.Type, &c.Service, &c.Environment, &c.DetectionSource, &c.FailureMode,
		&c.CauseCategory, &c.ContainedBy, &c.DuplicateOf, &c.Version, &c.Commit, &c.Artifact, &c.Outcome, &c.Rollout,
		&c.FlagKey, &c.FlagFrom, &c.FlagTo, &c.Attributes, &c.Canonical,
	} {
		*s = strings.Clone(*s)
	}
	c.Services, c.Links = slices.Clone(e.Services), slices.Clone(e.Links)
	for i := range c.Services {
		c.Services[i] = strings.Clone(c.Services[i])
	}
	for i := range c.Links {
		c.Links[i] = strings.Clone(c.Links[i])
	}
	return &c
}
