package property

import (
	"fmt"
	"maps"
	"time"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/event"
)

// Few of everything, so that events meet, tie and contradict each other.
var (
	moments = func() (out []time.Time) {
		begin := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
		for _, after := range []time.Duration{0, time.Millisecond, 10 * time.Minute, 3 * time.Hour, 30 * time.Hour, 80 * time.Hour, 40 * 24 * time.Hour} {
			out = append(out, begin.Add(after))
		}
		return out
	}()
	names    = []string{"api", "store", "P1", "shop/store", "stray"}
	tools    = []string{"/ci", "/argocd"}
	modes    = []string{"disk-full", "retry-storm"}
	commits  = []string{"aaaa1111", "bbbb2222"}
	packages = []string{"pkg:oci/api@1", "pkg:oci/api@2"}
)

func of[T any](r *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(r, label)
}

// some keeps each attribute with even odds, or declares it unknown.
func some(r *rapid.T, attributes map[string]any, keys ...string) map[string]any {
	out := map[string]any{}
	for _, key := range keys {
		switch rapid.IntRange(0, 5).Draw(r, key) {
		case 0, 1:
		case 2:
			out[key] = nil
		default:
			out[key] = attributes[key]
		}
	}
	return out
}

// one is some, but never nothing.
func one(r *rapid.T, attributes map[string]any, keys ...string) map[string]any {
	out := some(r, attributes, keys...)
	if len(out) == 0 {
		out[keys[0]] = attributes[keys[0]]
	}
	return out
}

var incidentKeys = []string{
	"severity", "detectionSource", "failureMode", "startedAt", "detectedAt", "acknowledgedAt", "mitigatedAt",
	"resolvedAt", "planned", "duplicateOf", "services", "contained", "containedBy", "blastRadius", "links", "title", "labels", "statedDetectSeconds",
}

// attributes draws a value for everything that an event may state.
func attributes(r *rapid.T) map[string]any {
	at := func(label string) any { return of(r, label, moments...) }
	return map[string]any{
		"severity":            rapid.IntRange(1, 5).Draw(r, "a severity"),
		"detectionSource":     of(r, "a source", "monitoring", "customer", "employee", "unknown"),
		"failureMode":         of(r, "a mode", modes...),
		"startedAt":           at("a start"),
		"detectedAt":          at("a detection"),
		"acknowledgedAt":      at("an acknowledgement"),
		"mitigatedAt":         at("a mitigation"),
		"resolvedAt":          at("a resolution"),
		"finishedAt":          at("a finish"),
		"planned":             rapid.Bool().Draw(r, "a plan"),
		"duplicateOf":         of(r, "an original", "inc-1", "inc-2"),
		"services":            []any{of(r, "a service", names...), of(r, "another", names...)},
		"service":             of(r, "the service", names...),
		"contained":           rapid.Bool().Draw(r, "a containment"),
		"containedBy":         "canary",
		"blastRadius":         of(r, "a radius", 0.0, 0.1, 0.7),
		"links":               map[string]any{"changes": []any{of(r, "a change", "d-1", "d-2")}, "commits": []any{of(r, "a commit", commits...)}},
		"title":               of(r, "a title", "one", "two"),
		"labels":              map[string]any{"symptom": of(r, "a symptom", "x", "y")},
		"statedDetectSeconds": rapid.IntRange(0, 100).Draw(r, "a duration"),
		"deployId":            of(r, "a deploy", "d-1", "d-2"),
		"version":             of(r, "a version", "1", "2"),
		"commit":              of(r, "its commit", commits...),
		"artifactId":          of(r, "its artifact", packages...),
		"outcome":             of(r, "an outcome", "succeeded", "failed", "cancelled"),
		"rollout":             of(r, "a rollout", "canary", "all-at-once"),
		"automaticRollback":   rapid.Bool().Draw(r, "automatic"),
		"environment":         of(r, "an environment", "production", "staging"),
		"fromFailure":         of(r, "a failure", "inc-1", "inc-2"),
		"kind":                of(r, "a kind", "test", "monitoring"),
		"flagKey":             of(r, "a flag", "f1", "f2"),
		"from":                of(r, "before", "on", "off"),
		"to":                  of(r, "after", "on", "off"),
		"incidents":           []any{of(r, "covered", "inc-1", "inc-2")},
		"killSwitch":          rapid.Bool().Draw(r, "kills"),
		"verdict":             of(r, "a verdict", "held", "refuted", "refuted", "inconclusive"),
		"hypothesis":          of(r, "a hypothesis", "it holds", "it fails over"),
		"lossAvoided":         map[string]any{"currency": "EUR", "low": of(r, "avoided", 0.1, 0.7), "high": 10},
		"avertedBy":           of(r, "averted by", "a quota", "luck"),
		"probability":         of(r, "a probability", 0.1, 0.3, 1.0),
		"horizonDays":         of(r, "a horizon", 1, 3, 60),
		"failure":             of(r, "a costly failure", "inc-1", "d-1", "exp-1", "nm-1", "nothing"),
		"currency":            of(r, "a currency", "EUR", "USD"),
		"low":                 of(r, "a low", 0.1, 0.2),
		"likely":              of(r, "a likely", 0.3, 0.7),
		"high":                of(r, "a high", 1.1, 2),
		"covers":              []any{of(r, "covers", "revenue", "credits")},
		"method":              "ledger",
		"supersedes":          of(r, "an earlier cost", "cost-1", "cost-2", "cost-3"),
		"revision":            of(r, "a revision", 1, 2),
		"surprises":           []any{of(r, "a surprise", "s1", "s2")},
		"blamelessCheck":      of(r, "a check", "passed", "failed"),
		"reason":              of(r, "a reason", "mistake", "merged"),
		"mergedInto":          of(r, "the other", "inc-1", "inc-2", "inc-3"),
	}
}

// amendable are attributes that may be corrected, of the kinds that are corrected in one way.
var amendable = map[string][]string{
	"flag":          {"service", "environment", "flagKey", "from", "to", "killSwitch"},
	"improvement":   {"failureMode", "service", "fromFailure", "title"},
	"monitoringgap": {"failureMode", "service", "title"},
	"experiment":    {"failureMode", "service", "services", "verdict", "contained", "finishedAt", "lossAvoided"},
	"nearmiss":      {"failureMode", "service", "services", "avertedBy"},
	"postmortem":    {"title", "revision", "surprises", "blamelessCheck", "incidents"},
	"risk":          {"failureMode", "service", "probability", "horizonDays"},
	"cost":          {"low", "likely", "high", "currency", "failure", "covers", "supersedes"},
}

// entityOf draws one of the few entities of a kind.
func entityOf(r *rapid.T, kind string) string {
	prefix := map[string]string{
		"incident": "inc", "deployment": "d", "flag": "fc", "improvement": "imp", "monitoringgap": "gap",
		"experiment": "exp", "nearmiss": "nm", "postmortem": "pm", "risk": "risk", "cost": "cost",
	}[kind]
	return fmt.Sprintf("%s-%d", prefix, rapid.IntRange(1, 3).Draw(r, "which "+kind))
}

// record draws one event and the record that carries it.
func record(r *rapid.T) event.Message {
	a := attributes(r)
	environment := map[string]any{"id": a["environment"]}
	incident := of(r, "incident", "inc-1", "inc-2", "inc-3")
	deploy := of(r, "deployment", "d-1", "d-2", "d-3")
	improvement := of(r, "improvement", "imp-1", "imp-2")
	gap := of(r, "gap", "gap-1", "gap-2")
	own := func(name string) string { return "dev.cdeventsx.tuition-" + name + ".0.1.0" }
	core := func(name string) string { return "dev.cdevents." + name + ".0.3.0" }
	improvementKeys := []string{"failureMode", "service", "fromFailure", "kind", "title"}
	var typ, subject string
	var content map[string]any
	var extras []event.Extra
	switch what := rapid.IntRange(0, 34).Draw(r, "what"); what {
	case 0, 1:
		typ, subject = core("incident.detected"), incident
		content = map[string]any{"environment": environment, "service": map[string]any{"id": a["service"]}}
		extras = append(extras, event.Tuition(some(r, a, incidentKeys...)))
	case 2:
		typ, subject = core("incident.reported"), incident
		content = map[string]any{"environment": environment, "ticketURI": "https://desk.example.com/1"}
		extras = append(extras, event.CausedBy(of(r, "cause", "e-0", "e-1", "e-2")))
	case 3, 4:
		typ, subject, content = core("incident.resolved"), incident, map[string]any{"environment": environment}
	case 5:
		typ, subject = own("incident."+of(r, "step", "acknowledged", "mitigated")), incident
		content = some(r, a, "severity", "title")
	case 6:
		typ, subject = own("incident.reopened"), incident
	case 7, 8, 9:
		typ, subject, content = own("incident.amended"), incident, one(r, a, incidentKeys...)
	case 10:
		kind := of(r, "what never was", "incident", "deployment", "flag", "improvement", "monitoringgap", "experiment", "nearmiss", "postmortem", "risk", "cost")
		typ, subject, content = own(kind+".retracted"), entityOf(r, kind), some(r, a, "reason", "mergedInto")
		maps.DeleteFunc(content, func(_ string, v any) bool { return v == nil }) // what never was has no unknowns
	case 11, 12, 13:
		typ, subject = own("deployment.finished"), deploy
		content = some(r, a, "environment", "version", "commit", "artifactId", "startedAt", "finishedAt", "rollout", "automaticRollback")
		content["service"], content["outcome"] = a["service"], a["outcome"]
	case 14:
		typ, subject = own("deployment.amended"), deploy
		content = one(r, a, "service", "environment", "version", "commit", "artifactId", "finishedAt", "outcome", "rollout")
	case 15, 16:
		typ, subject = core("service."+of(r, "how", "deployed", "upgraded")), a["service"].(string)
		content = map[string]any{"environment": environment, "artifactId": a["artifactId"]}
		extras = append(extras, event.Tuition(some(r, a, "commit", "outcome", "version", "deployId")))
	case 17:
		typ, subject = core("service.rolledback"), a["service"].(string)
		content = map[string]any{"environment": environment, "artifactId": a["artifactId"]}
	case 18:
		typ, subject = own("flag.changed"), of(r, "flag change", "fc-1", "fc-2", "fc-3")
		content = some(r, a, "service", "environment", "from", "to", "killSwitch")
		content["flagKey"] = a["flagKey"]
	case 19:
		typ, subject, content = own("improvement.opened"), improvement, some(r, a, improvementKeys...)
	case 20:
		typ, subject, content = own("improvement.closed"), improvement, some(r, a, improvementKeys...)
	case 21:
		typ, subject = own("improvement."+of(r, "fate", "abandoned", "amended")), improvement
		content = one(r, a, "failureMode", "service", "fromFailure")
	case 22:
		typ, subject, content = own("monitoringgap."+of(r, "gap is", "found", "closed")), gap, some(r, a, "failureMode", "service")
	case 23:
		typ, subject, content = own("postmortem.published"), entityOf(r, "postmortem"), some(r, a, "title", "service", "revision", "surprises", "blamelessCheck")
		content["incidents"] = a["incidents"]
	case 24:
		typ, subject = core("service.removed"), a["service"].(string)
		content = map[string]any{"environment": environment}
	case 25, 26:
		typ, subject = own("experiment.finished"), entityOf(r, "experiment")
		content = some(r, a, "service", "services", "environment", "failureMode", "contained", "containedBy", "blastRadius", "startedAt", "finishedAt", "hypothesis", "lossAvoided")
		content["kind"], content["verdict"] = of(r, "how", "chaos", "game-day"), a["verdict"]
	case 27, 28:
		typ, subject = own("nearmiss.recorded"), entityOf(r, "nearmiss")
		content = some(r, a, "service", "services", "environment", "failureMode", "avertedBy")
	case 29:
		typ, subject = own("risk.recorded"), entityOf(r, "risk")
		content = some(r, a, "service", "environment")
		content["failureMode"], content["probability"], content["horizonDays"] = a["failureMode"], a["probability"], a["horizonDays"]
	case 30, 31:
		typ, subject = own("cost.recorded"), entityOf(r, "cost")
		content = some(r, a, "likely", "covers", "method", "supersedes")
		content["failure"], content["currency"], content["low"], content["high"] = a["failure"], a["currency"], a["low"], a["high"]
	case 32, 33, 34:
		kind := of(r, "what is amended", "flag", "improvement", "monitoringgap", "experiment", "nearmiss", "postmortem", "risk", "cost")
		typ, subject, content = own(kind+".amended"), entityOf(r, kind), one(r, a, amendable[kind]...)
	}
	id := fmt.Sprintf("e-%d", rapid.IntRange(0, 40).Draw(r, "id"))
	value, err := event.New(typ, of(r, "tool", tools...), id, of(r, "when", moments...), subject, content, extras...)
	if err != nil {
		r.Fatalf("%s: %v", typ, err)
	}
	m := event.Message{Position: event.Position{Topic: simulateTopic}, Value: value}
	if m.Headers, err = event.BinaryHeaders(value); err != nil {
		r.Fatal(err)
	}
	last := moments[len(moments)-1]
	if rapid.Bool().Draw(r, "sent at") {
		m.Headers = append(m.Headers, event.Header{Key: "ce_time", Value: []byte(last.Add(time.Hour).Format(time.RFC3339))})
	}
	m.Time = event.Millis(last.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "received")) * time.Hour).UnixMilli())
	return m
}

// toldTwice draws what two tools tell of one deploy, at one moment or nearly, each in its own words.
func toldTwice(r *rapid.T) []event.Message {
	var both []event.Message
	service, sha, n, at := of(r, "deployed", "api", "store"), fmt.Sprintf("%08x", rapid.Uint32().Draw(r, "commit")), rapid.Uint32().Draw(r, "number"), of(r, "when", moments...)
	for i, tool := range tools {
		a := attributes(r)
		content := some(r, a, "version", "artifactId", "startedAt", "rollout", "automaticRollback")
		content["service"], content["environment"], content["commit"], content["outcome"] = service, "production", sha, a["outcome"]
		value, err := event.New(event.TypeDeploymentFinished, tool, fmt.Sprint("both-", n), at, fmt.Sprint("both-", n, "-", i), content)
		if err != nil {
			r.Fatal(err)
		}
		m := event.Message{Position: event.Position{Topic: simulateTopic}, Value: value, Time: event.Millis(moments[len(moments)-1].UnixMilli())}
		if m.Headers, err = event.BinaryHeaders(value); err != nil {
			r.Fatal(err)
		}
		both = append(both, m)
	}
	return both
}

const simulateTopic = "tuition.events"
