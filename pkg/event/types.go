package event

import "strings"

// The types that tuition's own producers send.
const (
	TypeIncidentDetected  = "dev.cdevents.incident.detected.0.3.0"
	TypeIncidentReported  = "dev.cdevents.incident.reported.0.3.0"
	TypeIncidentResolved  = "dev.cdevents.incident.resolved.0.3.0"
	TypeServiceDeployed   = "dev.cdevents.service.deployed.0.3.0"
	TypeServiceUpgraded   = "dev.cdevents.service.upgraded.0.3.0"
	TypeServiceRolledBack = "dev.cdevents.service.rolledback.0.3.0"

	TypeIncidentAcknowledged = "dev.cdeventsx.tuition-incident.acknowledged.0.1.0"
	TypeIncidentMitigated    = "dev.cdeventsx.tuition-incident.mitigated.0.1.0"
	TypeIncidentReopened     = "dev.cdeventsx.tuition-incident.reopened.0.1.0"
	TypeIncidentAmended      = "dev.cdeventsx.tuition-incident.amended.0.1.0"
	TypeIncidentRetracted    = "dev.cdeventsx.tuition-incident.retracted.0.1.0"
	TypeDeploymentFinished   = "dev.cdeventsx.tuition-deployment.finished.0.1.0"
	TypeFlagChanged          = "dev.cdeventsx.tuition-flag.changed.0.1.0"
	TypeExperimentFinished   = "dev.cdeventsx.tuition-experiment.finished.0.1.0"
	TypeNearMissRecorded     = "dev.cdeventsx.tuition-nearmiss.recorded.0.1.0"
	TypePostmortemPublished  = "dev.cdeventsx.tuition-postmortem.published.0.1.0"
	TypeImprovementOpened    = "dev.cdeventsx.tuition-improvement.opened.0.1.0"
	TypeImprovementClosed    = "dev.cdeventsx.tuition-improvement.closed.0.1.0"
	TypeImprovementVerified  = "dev.cdeventsx.tuition-improvement.verified.0.1.0"
	TypeImprovementAbandoned = "dev.cdeventsx.tuition-improvement.abandoned.0.1.0"
	TypeMonitoringGapFound   = "dev.cdeventsx.tuition-monitoringgap.found.0.1.0"
	TypeMonitoringGapClosed  = "dev.cdeventsx.tuition-monitoringgap.closed.0.1.0"
	TypeRiskRecorded         = "dev.cdeventsx.tuition-risk.recorded.0.1.0"
	TypeCostRecorded         = "dev.cdeventsx.tuition-cost.recorded.0.1.0"
)

const (
	coreFamily    = "dev.cdevents."
	customFamily  = "dev.cdeventsx."
	tuitionFamily = "dev.cdeventsx.tuition-"
)

// typeVersion is the version that ends a type's name.
type typeVersion struct{ major, minor, patch int }

func (v typeVersion) newerThan(w typeVersion) bool {
	if v.minor != w.minor {
		return v.minor > w.minor
	}
	return v.patch > w.patch
}

// splitType cuts a type into its name without version and the version.
func splitType(s string) (name string, v typeVersion, ok bool) {
	for _, part := range [...]*int{&v.patch, &v.minor, &v.major} {
		dot := strings.LastIndexByte(s, '.')
		if dot < 0 || dot == len(s)-1 || len(s)-dot > 4 {
			return "", typeVersion{}, false
		}
		n, isNumber := digits(s[dot+1:])
		if !isNumber {
			return "", typeVersion{}, false
		}
		*part, s = n, s[:dot]
	}
	return s, v, true
}

// shape says where an event keeps what tuition reads.
type shape uint8

const (
	shapeOpaque   shape = iota // nothing is read but the context and the subject's id
	shapeIncident              // CDEvents incident: subject.content and customData.tuition
	shapeService               // CDEvents service: subject.id is the service; subject.content and customData.tuition
	shapeOwn                   // tuition's own: everything is in subject.content
)

// meaning is what a type says, whatever its version.
type meaning struct {
	kind      Kind
	predicate Predicate
	change    ChangeKind
	shape     shape
}

// meanings of the types that feed metrics, by name without version.
var meanings = func() map[string]meaning {
	m := map[string]meaning{
		"dev.cdevents.incident.detected":  {KindIncident, PredicateDetected, ChangeNone, shapeIncident},
		"dev.cdevents.incident.reported":  {KindIncident, PredicateReported, ChangeNone, shapeIncident},
		"dev.cdevents.incident.resolved":  {KindIncident, PredicateResolved, ChangeNone, shapeIncident},
		"dev.cdevents.service.deployed":   {KindChange, PredicateDeployed, ChangeDeploy, shapeService},
		"dev.cdevents.service.upgraded":   {KindChange, PredicateUpgraded, ChangeDeploy, shapeService},
		"dev.cdevents.service.rolledback": {KindChange, PredicateRolledBack, ChangeDeploy, shapeService},
		// Taking a service away, or giving it an address, is no version that could fail.
		"dev.cdevents.service.removed":   {KindChange, PredicateRemoved, ChangeNone, shapeService},
		"dev.cdevents.service.published": {KindChange, PredicatePublished, ChangeNone, shapeService},
	}
	for _, subject := range []struct {
		name       string
		kind       Kind
		change     ChangeKind
		predicates map[string]Predicate
	}{
		{"incident", KindIncident, ChangeNone, map[string]Predicate{"acknowledged": PredicateAcknowledged, "mitigated": PredicateMitigated, "reopened": PredicateReopened}},
		{"deployment", KindChange, ChangeDeploy, map[string]Predicate{"finished": PredicateFinished}},
		{"flag", KindChange, ChangeFlag, map[string]Predicate{"changed": PredicateChanged}},
		{"experiment", KindExperiment, ChangeNone, map[string]Predicate{"finished": PredicateFinished}},
		{"nearmiss", KindNearMiss, ChangeNone, map[string]Predicate{"recorded": PredicateRecorded}},
		{"postmortem", KindPostmortem, ChangeNone, map[string]Predicate{"published": PredicatePublished}},
		{"improvement", KindImprovement, ChangeNone, map[string]Predicate{"opened": PredicateOpened, "closed": PredicateClosed, "verified": PredicateVerified, "abandoned": PredicateAbandoned}},
		{"monitoringgap", KindMonitoringGap, ChangeNone, map[string]Predicate{"found": PredicateFound, "closed": PredicateClosed}},
		{"risk", KindRisk, ChangeNone, map[string]Predicate{"recorded": PredicateRecorded}},
		{"cost", KindCost, ChangeNone, map[string]Predicate{"recorded": PredicateRecorded}},
	} {
		subject.predicates["amended"] = PredicateAmended
		subject.predicates["retracted"] = PredicateRetracted
		for name, predicate := range subject.predicates {
			m[tuitionFamily+subject.name+"."+name] = meaning{subject.kind, predicate, subject.change, shapeOwn}
		}
	}
	return m
}()

// vocabulary is the rest of CDEvents 0.5.1: known, stored, feeding no metric.
var vocabulary = func() map[string]bool {
	known := map[string]bool{}
	for subject, predicates := range map[string]string{
		"artifact":     "packaged signed published downloaded deleted",
		"branch":       "created deleted",
		"build":        "queued started finished",
		"change":       "created reviewed merged abandoned updated",
		"environment":  "created modified deleted",
		"pipelinerun":  "queued started finished",
		"repository":   "created modified deleted",
		"taskrun":      "started finished",
		"testcaserun":  "queued started finished skipped",
		"testoutput":   "published",
		"testsuiterun": "queued started finished",
		"ticket":       "created updated closed",
	} {
		for _, predicate := range strings.Fields(predicates) {
			known[coreFamily+subject+"."+predicate] = true
		}
	}
	return known
}()
