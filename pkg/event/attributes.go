package event

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// fields is the source of attributes: subject.content of our own types, or
// customData.tuition of CDEvents.
type fields map[string]any

// column is the field of Event that keeps an attribute. Exactly one accessor is
// set, or none where the attribute needs more than a copy.
type column struct {
	stated   Stated
	text     func(*Event) *string
	moment   func(*Event) *Millis
	tristate func(*Event) *Tristate
}

// columns are the attributes that have a field of their own in Event.
var columns = map[string]column{
	"service":           {stated: StatedService},
	"services":          {stated: StatedServices},
	"links":             {stated: StatedLinks},
	"severity":          {stated: StatedSeverity},
	"blastRadius":       {stated: StatedBlastRadius},
	"environment":       text(StatedEnvironment, func(e *Event) *string { return &e.Environment }),
	"detectionSource":   text(StatedDetectionSource, func(e *Event) *string { return &e.DetectionSource }),
	"failureMode":       text(StatedFailureMode, func(e *Event) *string { return &e.FailureMode }),
	"causeCategory":     text(StatedCauseCategory, func(e *Event) *string { return &e.CauseCategory }),
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
	"from":              text(StatedFlagFrom, func(e *Event) *string { return &e.FlagFrom }),
	"to":                text(StatedFlagTo, func(e *Event) *string { return &e.FlagTo }),
	"killSwitch":        tristate(StatedKillSwitch, func(e *Event) *Tristate { return &e.KillSwitch }),
}

func text(bit Stated, field func(*Event) *string) column { return column{stated: bit, text: field} }

func moment(bit Stated, field func(*Event) *Millis) column { return column{stated: bit, moment: field} }

func tristate(bit Stated, field func(*Event) *Tristate) column {
	return column{stated: bit, tristate: field}
}

// set puts v, whose type the schema has made sure of, into its field; null is
// unknown. It says false if a time cannot be kept.
func (c column) set(e *Event, v any) bool {
	e.Stated |= c.stated
	switch {
	case c.text != nil:
		*c.text(e) = textOf(v)
	case c.moment != nil:
		s, ok := v.(string)
		if !ok {
			*c.moment(e) = 0
			return true
		}
		t, ok := parseTime(s)
		*c.moment(e) = t
		return ok && inBounds(t)
	case c.tristate != nil:
		yes, known := v.(bool)
		*c.tristate(e) = tristateOf(yes, known)
	case c.stated == StatedSeverity:
		f, _ := v.(float64)
		e.Severity = uint8(f)
	case c.stated == StatedBlastRadius:
		if f, ok := v.(float64); ok {
			e.BlastRadius = f
		}
	case c.stated == StatedLinks:
		links, _ := v.(map[string]any)
		for _, change := range listOf(links["changes"]) {
			e.Links = append(e.Links, "change:"+change)
		}
		for _, commit := range listOf(links["commits"]) {
			e.Links = append(e.Links, "commit:"+commit)
		}
	}
	return true
}

// textOf is a text as it is, true and false as words (the values of a flag), and else nothing.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func tristateOf(yes, known bool) Tristate {
	switch {
	case !known:
		return Unknown
	case yes:
		return Yes
	}
	return No
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
		if !c.set(e, v) {
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
