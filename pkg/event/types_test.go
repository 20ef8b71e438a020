package event

import (
	"encoding/json"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/schemas"
)

var noon = time.Date(2026, 3, 20, 12, 0, 0, 999_999, time.UTC)

const noonMillis Millis = 1774008000000

// made builds an event as a producer does and decodes it again.
func made(t *testing.T, typ, subjectID string, content map[string]any, extras ...Extra) *Event {
	t.Helper()
	raw, err := New(typ, "/test", "id-1", noon, subjectID, content, extras...)
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	var e Event
	if r := newDecoder(t, Options{}).Decode(binaryMode(t, raw), &e); r != nil {
		t.Fatalf("%s: %v", typ, r)
	}
	if e.Canonical != string(raw) {
		t.Errorf("%s: New does not write canonical JSON", typ)
	}
	return e.Clone()
}

// minimal content of the types that require something.
var minimal = map[string]map[string]any{
	"incident.amended": {"severity": nil}, "deployment.finished": {"service": "checkout", "outcome": "failed"}, "deployment.amended": {"outcome": nil},
	"flag.changed": {"flagKey": "new-cart"}, "flag.amended": {"killSwitch": true},
	"experiment.finished": {"kind": "chaos", "verdict": "held"}, "experiment.amended": {"verdict": "refuted"},
	"nearmiss.amended": {"avertedBy": "a quota"}, "postmortem.published": {"incidents": []any{"inc-1"}}, "postmortem.amended": {"revision": 2},
	"improvement.verified": {"evidence": map[string]any{"kind": "monitor", "id": "inc-2"}}, "improvement.amended": {"kind": "test"},
	"monitoringgap.amended": {"failureMode": "disk-full"},
	"risk.recorded":         {"failureMode": "disk-full", "probability": 0.2, "horizonDays": 90}, "risk.amended": {"probability": 0.3},
	"cost.recorded": {"failure": "inc-1", "currency": "EUR", "low": 10, "high": 100.5}, "cost.amended": {"likely": 20},
}

func TestEveryOwnTypeHasASchemaAndAMeaning(t *testing.T) {
	set, err := loadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for name, means := range meanings {
		if set.types[name] == nil {
			t.Errorf("%s has no schema", name)
		}
		short, own := strings.CutPrefix(name, tuitionFamily)
		if !own {
			continue
		}
		count++
		e := made(t, name+".0.1.0", "entity-1", minimal[short])
		if e.Kind != means.kind || e.Predicate != means.predicate || e.ChangeKind != means.change || e.Entity != "entity-1" || e.OccurredAt != noonMillis {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if count != 36 {
		t.Errorf("%d types of our own, want 36", count)
	}
	for name := range set.types {
		if _, ok := meanings[name]; !ok && !vocabulary[name] {
			t.Errorf("%s has a schema and no meaning", name)
		}
	}
}

// A file's name is the type that it describes, and every property says what it is.
func TestSchemaFilesAreNamedAndDescribed(t *testing.T) {
	files, err := fs.Glob(schemas.Event, "event/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var walk func(file, at string, node any)
	walk = func(file, at string, node any) {
		object, _ := node.(map[string]any)
		for name, v := range object {
			if properties, ok := v.(map[string]any); ok && (name == "properties" || name == "$defs") && !strings.Contains(file, "envelope") {
				for property, schema := range properties {
					s := schema.(map[string]any)
					if s["description"] == nil && s["$ref"] == nil && s["properties"] == nil && s["enum"] == nil {
						t.Errorf("%s: %s/%s has no description", file, at, property)
					}
				}
			}
			walk(file, at+"/"+name, v)
		}
	}
	for _, file := range files {
		raw, _ := fs.ReadFile(schemas.Event, file)
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(file, err)
		}
		if doc["$id"] != ownBase+path.Base(file) {
			t.Errorf("%s: $id is %v", file, doc["$id"])
		}
		if typ, ok := describedType(doc); ok && typ+".json" != path.Base(file) {
			t.Errorf("%s describes %s", file, typ)
		}
		if doc["description"] == nil {
			t.Errorf("%s has no description", file)
		}
		walk(file, "", doc)
	}
}

func TestIncidentAttributes(t *testing.T) {
	all := map[string]any{
		"severity": 1, "services": []any{"cart", "checkout"}, "detectionSource": "customer", "failureMode": "timeout",
		"causeCategory": "capacity", "blastRadius": 0.25, "contained": false, "containedBy": "canary", "planned": true,
		"duplicateOf": "inc-0", "startedAt": noon, "detectedAt": noon, "acknowledgedAt": noon, "mitigatedAt": noon, "resolvedAt": noon,
		"statedDetectSeconds": 60, "statedResolveSeconds": 3600, "title": "Checkout down", "uri": "https://x.example/1",
		"labels": map[string]any{"team": "pay"}, "links": map[string]any{"changes": []any{"d-1"}, "commits": []any{"0b31"}},
	}
	attributes := `{"labels":{"team":"pay"},"statedDetectSeconds":60,"statedResolveSeconds":3600,"title":"Checkout down","uri":"https://x.example/1"}`
	check := func(e *Event, service string, services []string, links []string) {
		t.Helper()
		if e.Severity != 1 || e.DetectionSource != "customer" || e.FailureMode != "timeout" || e.CauseCategory != "capacity" || e.BlastRadius != 0.25 ||
			e.Contained != No || e.ContainedBy != "canary" || e.Planned != Yes || e.DuplicateOf != "inc-0" || e.StartedAt != noonMillis ||
			e.DetectedAt != noonMillis || e.AcknowledgedAt != noonMillis || e.MitigatedAt != noonMillis || e.ResolvedAt != noonMillis {
			t.Errorf("%+v", e)
		}
		if e.Service != service || !slices.Equal(e.Services, services) || !slices.Equal(e.Links, links) {
			t.Errorf("service %q of %q, links %q", e.Service, e.Services, e.Links)
		}
		if e.Attributes != attributes {
			t.Errorf("attributes %s", e.Attributes)
		}
	}
	const each = StatedService | StatedServices | StatedSeverity | StatedDetectionSource | StatedFailureMode | StatedCauseCategory | StatedBlastRadius |
		StatedContained | StatedContainedBy | StatedPlanned | StatedDuplicateOf | StatedStartedAt | StatedDetectedAt | StatedAcknowledgedAt |
		StatedMitigatedAt | StatedResolvedAt | StatedLinks | StatedAttributes
	e := made(t, TypeIncidentAmended, "inc-1", all)
	check(e, "cart", []string{"cart", "checkout"}, []string{"change:d-1", "commit:0b31"})
	if e.Stated != each {
		t.Errorf("stated %b, want %b", e.Stated, each)
	}
	core := map[string]any{"environment": map[string]any{"id": "production"}, "service": map[string]any{"id": "checkout"}, "artifactId": "v1"}
	e = made(t, TypeIncidentDetected, "inc-1", core, Tuition(all), CausedBy("event-7"))
	check(e, "checkout", []string{"checkout", "cart"}, []string{"event:event-7", "change:d-1", "commit:0b31"})
	if e.Stated != each|StatedEnvironment|StatedArtifact || e.Environment != "production" || e.Artifact != "v1" {
		t.Errorf("stated %b, environment %q", e.Stated, e.Environment)
	}

	unknown := map[string]any{}
	for name := range all {
		unknown[name] = nil
	}
	e = made(t, TypeIncidentAmended, "inc-1", unknown)
	if e.Stated != each || e.Severity != 0 || !math.IsNaN(e.BlastRadius) || e.Planned != Unknown || e.StartedAt != 0 || e.Service != "" || len(e.Services)+len(e.Links) != 0 {
		t.Errorf("declared unknown: %+v", e)
	}
	e = made(t, TypeIncidentReopened, "inc-1", nil)
	if e.Stated != 0 || e.Attributes != "" {
		t.Errorf("stated nothing: %+v", e)
	}
}

func TestWhoDetected(t *testing.T) {
	environment := map[string]any{"environment": map[string]any{"id": "production"}}
	reported := map[string]any{"environment": map[string]any{"id": "production"}, "ticketURI": "https://desk.example/1"}
	if e := made(t, TypeIncidentDetected, "i", environment); e.DetectionSource != "monitoring" || e.Stated&StatedDetectionSource == 0 {
		t.Errorf("detected: %q", e.DetectionSource)
	}
	if e := made(t, TypeIncidentDetected, "i", environment, Tuition(map[string]any{"detectionSource": nil})); e.DetectionSource != "" {
		t.Errorf("detected, declared unknown: %q", e.DetectionSource)
	}
	if e := made(t, TypeIncidentReported, "i", reported); e.DetectionSource != "" || e.Stated&StatedDetectionSource != 0 || e.Attributes != `{"ticketURI":"https://desk.example/1"}` {
		t.Errorf("reported: %q %s", e.DetectionSource, e.Attributes)
	}
	// What ended an incident did not cause it.
	if e := made(t, TypeIncidentResolved, "i", environment, CausedBy("event-7")); len(e.Links) != 0 {
		t.Errorf("resolved: links %q", e.Links)
	}
}

func TestChangeIdentity(t *testing.T) {
	content := map[string]any{"environment": map[string]any{"id": "production"}, "artifactId": "pkg:oci/checkout@sha256%3A0b31"}
	e := made(t, TypeServiceDeployed, "checkout", content)
	// printf '/test\0checkout\0production\0pkg:oci/checkout@sha256%%3A0b31\0001774008000000\0' | sha256sum | cut -c1-32
	const want = "a4581c676b518c47fc5dc9bc0d96129f"
	if e.Entity != want {
		t.Errorf("identity %s, want %s", e.Entity, want)
	}
	if e.Service != "checkout" || len(e.Services) != 0 || e.Environment != "production" || e.Artifact != "pkg:oci/checkout@sha256%3A0b31" || e.ChangeKind != ChangeDeploy {
		t.Errorf("%+v", e)
	}
	if again := made(t, TypeServiceUpgraded, "checkout", content); again.Entity != e.Entity {
		t.Error("the same change told as an upgrade is another change")
	}
	back := made(t, TypeServiceRolledBack, "checkout", content, Tuition(map[string]any{"deployId": "d-1"}))
	if back.Entity == e.Entity || back.Entity == "d-1" || !slices.Equal(back.Links, []string{"change:d-1"}) {
		t.Errorf("rollback: %q %q", back.Entity, back.Links)
	}
	stated := map[string]any{"deployId": "d-1", "version": "17", "commit": "0b31", "startedAt": noon, "finishedAt": noon, "outcome": "failed", "rollout": "canary", "automaticRollback": true}
	e = made(t, TypeServiceDeployed, "checkout", content, Tuition(stated))
	if e.Entity != "d-1" || e.Version != "17" || e.Commit != "0b31" || e.StartedAt != noonMillis || e.FinishedAt != noonMillis || e.Outcome != "failed" ||
		e.Rollout != "canary" || e.AutomaticRollback != Yes || e.Attributes != "" {
		t.Errorf("%+v", e)
	}
	flag := made(t, TypeFlagChanged, "audit-1", map[string]any{"flagKey": "cart", "service": "checkout", "from": true, "to": "blue", "killSwitch": false})
	if flag.ChangeKind != ChangeFlag || flag.FlagKey != "cart" || flag.FlagFrom != "true" || flag.FlagTo != "blue" || flag.KillSwitch != No || flag.Service != "checkout" {
		t.Errorf("%+v", flag)
	}
}

func TestRarerEntitiesKeepTheirContent(t *testing.T) {
	e := made(t, TypeImprovementOpened, "imp-1", map[string]any{"kind": "monitoring", "failureMode": "disk-full", "service": "db", "fromFailure": "inc-1", "dueAt": noon})
	if e.FailureMode != "disk-full" || e.Service != "db" || !slices.Equal(e.Services, []string{"db"}) ||
		e.Attributes != `{"dueAt":"2026-03-20T12:00:00.000Z","failureMode":"disk-full","fromFailure":"inc-1","kind":"monitoring","service":"db"}` {
		t.Errorf("%+v", e)
	}
	retracted := made(t, TypeIncidentRetracted, "inc-1", map[string]any{"reason": "merged", "mergedInto": "inc-2"})
	if retracted.Attributes != `{"mergedInto":"inc-2","reason":"merged"}` || retracted.Stated != StatedAttributes {
		t.Errorf("%+v", retracted)
	}
}

func TestOlderAndNewerVersions(t *testing.T) {
	d := newDecoder(t, Options{})
	old := strings.NewReplacer(`"specversion":"0.5.1"`, `"version":"0.4.1"`, "deployed.0.3.0", "deployed.0.2.0", `"subject":{`, `"subject":{"type":"service",`)
	newer := strings.NewReplacer("0.5.1", "0.6.0", "deployed.0.3.0", "deployed.0.4.0", `"artifactId"`, `"replicas":3,"artifactId"`, `"chainId"`, `"chainID"`)
	var first Event
	if r := d.Decode(&Message{Value: []byte(plainEvents[0])}, &first); r != nil {
		t.Fatal(r)
	}
	entity := first.Clone().Entity
	for what, raw := range map[string]string{"0.4.1": old.Replace(plainEvents[0]), "a newer minor": newer.Replace(plainEvents[0])} {
		var e Event
		if r := d.Decode(&Message{Value: []byte(raw)}, &e); r != nil {
			t.Errorf("%s: %v", what, r)
			continue
		}
		if e.Kind != KindChange || e.Entity != entity || e.Environment != "production" {
			t.Errorf("%s: %+v", what, e)
		}
	}
	for what, raw := range map[string]string{
		"0.4.1 as 0.5":                strings.Replace(old.Replace(plainEvents[0]), `"version":"0.4.1"`, `"specversion":"0.5.1"`, 1),
		"an additional property":      strings.Replace(plainEvents[0], `"artifactId"`, `"replicas":3,"artifactId"`, 1),
		"a newer minor, still broken": strings.Replace(newer.Replace(plainEvents[0]), `"artifactId"`, `"artefactId"`, 1),
	} {
		var e Event
		if r := d.Decode(&Message{Value: []byte(raw)}, &e); r == nil || r.Code != CodeSchema {
			t.Errorf("%s: %v", what, r)
		}
	}
	// Types that feed no metric are stored, whatever their minor version.
	for _, typ := range []string{"dev.cdevents.change.merged.0.2.0", "dev.cdevents.build.queued.0.9.0", "dev.cdeventsx.mytool-thing.done.3.1.0"} {
		raw := old.Replace(plainEvents[0])
		raw = strings.Replace(raw, "dev.cdevents.service.deployed.0.2.0", typ, 1)
		var e Event
		if r := d.Decode(&Message{Value: []byte(raw)}, &e); r != nil || e.Kind != KindOther || e.Predicate != PredicateOther || e.Entity != "checkout-17" {
			t.Errorf("%s: %v %+v", typ, r, e)
		}
	}
}
