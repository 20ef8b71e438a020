package event

import (
	"maps"
	"slices"
	"strings"
)

// fields is the source of attributes: subject.content of our own types, or
// customData.tuition of CDEvents.
type fields map[string]any

// column puts an attribute into its own field of Event. v is nil for unknown;
// the schema has made sure of its type. It says false if a time is out of bounds.
type column struct {
	stated Stated
	set    func(e *Event, v any) bool
}

// columns are the attributes that have a field of their own in Event.
var columns = map[string]column{
	"service":           {StatedService, nil},
	"services":          {StatedServices, nil},
	"links":             {StatedLinks, setLinks},
	"environment":       text(StatedEnvironment, func(e *Event) *string { return &e.Environment }),
	"severity":          {StatedSeverity, func(e *Event, v any) bool { f, _ := v.(float64); e.Severity = uint8(f); return true }},
	"detectionSource":   text(StatedDetectionSource, func(e *Event) *string { return &e.DetectionSource }),
	"failureMode":       text(StatedFailureMode, func(e *Event) *string { return &e.FailureMode }),
	"causeCategory":     text(StatedCauseCategory, func(e *Event) *string { return &e.CauseCategory }),
	"blastRadius":       {StatedBlastRadius, setBlastRadius},
	"contained":         tristate(StatedContained, func(e *Event) *Tristate { return &e.Contained }),
	"containedBy":       text(StatedContainedBy, func(e *Event) *string { return &e.ContainedBy }),
	"planned":           tristate(StatedPlanned, func(e *Event) *Tristate { return &e.Planned }),
	"duplicateOf":       text(StatedDuplicateOf, func(e *Event) *string { return &e.DuplicateOf }),
	"startedAt":         moment(StatedStartedAt, func(e *Event) *Millis { return &e.StartedAt }),
	"detectedAt":        moment(StatedDetectedAt, func(e *Event) *Millis { return &e.DetectedAt }),
	"acknowledgedAt":    moment(StatedAcknowledgedAt, func(e *Event) *Millis { return &e.AcknowledgedAt }),
	"mitigatedAt":       moment(StatedMitigatedAt, func(e *Event) *Millis { return &e.MitigatedAt }),
	"resolvedAt":        moment(StatedResolvedAt, func(e *Event) *Millis { return &e.ResolvedAt }),
	"version":           text(StatedVersion, func(e *Event) *string { return &e.Version }),
	"commit":            text(StatedCommit, func(e *Event) *string { return &e.Commit }),
	"artifactId":        text(StatedArtifact, func(e *Event) *string { return &e.Artifact }),
	"finishedAt":        moment(StatedFinishedAt, func(e *Event) *Millis { return &e.FinishedAt }),
	"outcome":           text(StatedOutcome, func(e *Event) *string { return &e.Outcome }),
	"rollout":           text(StatedRollout, func(e *Event) *string { return &e.Rollout }),
	"automaticRollback": tristate(StatedAutomaticRollback, func(e *Event) *Tristate { return &e.AutomaticRollback }),
	"flagKey":           text(StatedFlagKey, func(e *Event) *string { return &e.FlagKey }),
	"from":              flagValue(StatedFlagFrom, func(e *Event) *string { return &e.FlagFrom }),
	"to":                flagValue(StatedFlagTo, func(e *Event) *string { return &e.FlagTo }),
	"killSwitch":        tristate(StatedKillSwitch, func(e *Event) *Tristate { return &e.KillSwitch }),
}

func text(bit Stated, field func(*Event) *string) column {
	return column{bit, func(e *Event, v any) bool { s, _ := v.(string); *field(e) = s; return true }}
}

func moment(bit Stated, field func(*Event) *Millis) column {
	return column{bit, func(e *Event, v any) bool {
		*field(e) = 0
		s, ok := v.(string)
		if !ok {
			return true
		}
		t, ok := parseTime(s)
		*field(e) = t
		return ok && inBounds(t)
	}}
}

func tristate(bit Stated, field func(*Event) *Tristate) column {
	return column{bit, func(e *Event, v any) bool {
		*field(e) = Unknown
		if yes, ok := v.(bool); ok {
			*field(e) = tristateOf(yes)
		}
		return true
	}}
}

func tristateOf(yes bool) Tristate {
	if yes {
		return Yes
	}
	return No
}

func flagValue(bit Stated, field func(*Event) *string) column {
	return column{bit, func(e *Event, v any) bool {
		*field(e) = ""
		switch v := v.(type) {
		case string:
			*field(e) = v
		case bool:
			*field(e) = canonical(v)
		}
		return true
	}}
}

func setBlastRadius(e *Event, v any) bool {
	if f, ok := v.(float64); ok {
		e.BlastRadius = f
	}
	return true
}

func setLinks(e *Event, v any) bool {
	links, _ := v.(map[string]any)
	for _, change := range listOf(links["changes"]) {
		e.Links = append(e.Links, "change:"+change)
	}
	for _, commit := range listOf(links["commits"]) {
		e.Links = append(e.Links, "commit:"+commit)
	}
	return true
}

func listOf(v any) []string {
	items, _ := v.([]any)
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, _ := item.(string)
		out = append(out, s)
	}
	return out
}

// apply fills the columns of e and gives back the attributes that have none. at is where f stands.
func (f fields) apply(e *Event, at string) (rest map[string]any, r *Rejection) {
	rest = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		v := f[name]
		c, ok := columns[name]
		if !ok {
			rest[name] = v
			continue
		}
		e.Stated |= c.stated
		if c.set != nil && !c.set(e, v) {
			return nil, timeRange(at+"/"+name, v)
		}
	}
	f.applyServices(e)
	return rest, nil
}

// applyServices puts service and services together: the first service is the one
// that the entity is counted under.
func (f fields) applyServices(e *Event) {
	one, hasOne := f["service"]
	list, hasList := f["services"]
	if !hasOne && !hasList {
		return
	}
	service, _ := one.(string)
	services := listOf(list)
	if service == "" && len(services) > 0 {
		service = services[0]
	}
	setServices(e, service, services)
}

// setServices states the services of e, the given one first and each once.
func setServices(e *Event, service string, more []string) {
	e.Service = service
	e.Stated |= StatedService
	if e.Kind == KindChange {
		return
	}
	e.Stated |= StatedServices
	e.Services = e.Services[:0]
	if service != "" {
		e.Services = append(e.Services, service)
	}
	for _, s := range more {
		if !slices.Contains(e.Services, s) {
			e.Services = append(e.Services, s)
		}
	}
}

// timeRange rejects a time. A date-time that the format allows and we cannot
// read is a fault of form, every other one of bounds.
func timeRange(at string, v any) *Rejection {
	s, _ := v.(string)
	if _, ok := parseTime(s); !ok {
		return reject(CodeSchema, at, "date-time")
	}
	return reject(CodeTimeRange, at, "a time from 1980-01-01 up to 2199-12-31")
}

// causing are the CDEvents link kinds, in lower case, that say of an incident: the
// target brought this about. CDEvents leaves the words open, so all others are no cause.
var causing = map[string]bool{"trigger": true, "cause": true, "caused_by": true, "causedby": true}

// statedCauses reads context.links of an incident's first signs. A link of the
// resolution tells what ended the incident, so it is not read.
func statedCauses(links any, e *Event) {
	if e.Predicate != PredicateDetected && e.Predicate != PredicateReported {
		return
	}
	items, _ := links.([]any)
	for _, item := range items {
		link, _ := item.(map[string]any)
		linkKind, _ := link["linkKind"].(string)
		target, _ := link["target"].(map[string]any)
		id, _ := target["contextId"].(string)
		if link["linkType"] == "RELATION" && causing[strings.ToLower(linkKind)] && id != "" {
			e.Links = append(e.Links, "event:"+id)
			e.Stated |= StatedLinks
		}
	}
}
