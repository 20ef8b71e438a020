package adapter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
)

// content is what these tests look at.
type content struct {
	Context struct{ Type string }
	Subject struct {
		ID      string
		Content struct {
			Title, Service, DetectionSource, Kind     string
			StartedAt, DetectedAt, ResolvedAt         string
			StatedDetectSeconds, StatedResolveSeconds *int
			Severity                                  *int
			Environment, Version, Commit, FromFailure string
			Labels                                    map[string]string
			Incidents, ContributingFactors            []string
		}
	}
}

func decode(t *testing.T, e Event) content {
	t.Helper()
	var c content
	if err := json.Unmarshal(e.CDEvent, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The 38 real reports: the times of each incident, and every oddity. The first
// times of the timelines were found a second time by another program; they
// differ for PM2019-011 alone, whose first rows tell of a hand-over.
func TestReports(t *testing.T) {
	folder := servertest.Shared(t, "data", "dfds-postmortems", "reports")
	a := load(t, "", "markdown-postmortem")
	files, err := a.Files([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	var incidents, findings bytes.Buffer
	count := map[string]int{}
	for _, file := range files {
		c := read(t, a, file, nil)
		if len(c.faults) > 0 {
			t.Errorf("%v", c.faults)
		}
		for _, f := range c.findings {
			f.File = filepath.Base(f.File)
			fmt.Fprintln(&findings, f)
		}
		improvements := 0
		for _, e := range c.events {
			d := decode(t, e)
			kind := strings.Split(d.Context.Type, ".")[2]
			count[kind]++
			switch kind {
			case "tuition-incident":
				in := d.Subject.Content
				if in.StartedAt == "" || in.Severity != nil || in.Environment != "" {
					t.Errorf("%s: start %q, severity %v, environment %q; want a start and nothing else",
						d.Subject.ID, in.StartedAt, in.Severity, in.Environment)
				}
				fmt.Fprintf(&incidents, "%s service=%s started=%s detected=%s by=%s resolved=%s stated=%s/%s cites=%s",
					d.Subject.ID, in.Service, in.StartedAt, in.DetectedAt, in.DetectionSource, in.ResolvedAt,
					stated(in.StatedDetectSeconds), stated(in.StatedResolveSeconds), in.Labels["cites"])
			case "tuition-improvement":
				improvements++
			}
		}
		fmt.Fprintf(&incidents, " improvements=%d\n", improvements)
	}
	if len(files) != 38 || count["tuition-incident"] != 38 || count["tuition-postmortem"] != 38 {
		t.Errorf("%d reports gave %v; want 38 incidents and 38 post-mortems", len(files), count)
	}
	golden(t, filepath.Join("testdata", "reports.txt"), incidents.Bytes())
	golden(t, filepath.Join("testdata", "findings.txt"), findings.Bytes())
}

func stated(seconds *int) string {
	if seconds == nil {
		return "unknown"
	}
	return fmt.Sprint(*seconds)
}

func TestReportsWhole(t *testing.T) {
	a := load(t, "", "markdown-postmortem")
	for _, id := range []string{"PM2019-011", "PM2021-006", "PM2022-001", "PM2023-001"} {
		c := read(t, a, servertest.Shared(t, "data", "dfds-postmortems", "reports", id+".md"), nil)
		golden(t, filepath.Join("testdata", id+".json"), indented(t, c.outcome()))
	}
}

// CET is the wall clock unless the user says that summer time was left out.
func TestZoneIsTheUsers(t *testing.T) {
	a := load(t, "", "markdown-postmortem")
	report := servertest.Shared(t, "data", "dfds-postmortems", "reports", "PM2020-005.md")
	for zone, want := range map[string]string{"": "2020-06-09T09:00:00Z", "+01:00": "2020-06-09T10:00:00Z", "UTC": "2020-06-09T11:00:00Z"} {
		set := map[string]string{}
		if zone != "" {
			set["zone"] = zone
		}
		c := read(t, a, report, set)
		if got := decode(t, c.events[0]).Subject.Content.StartedAt; got != want {
			t.Errorf("zone %q: started at %s, want %s", zone, got, want)
		}
		summer := false
		for _, f := range c.findings {
			summer = summer || f.Code == "zone-in-summer"
		}
		if summer != (zone == "") {
			t.Errorf("zone %q: reported as doubtful: %v", zone, summer)
		}
	}
}

// 1,784 tags are 1,784 changes: also those that share commit and second.
func TestReleaseTags(t *testing.T) {
	a := load(t, "", "release-tags")
	c := read(t, a, servertest.Shared(t, "data", "dfds-postmortems", "release_tags.tsv"), map[string]string{"service": "infrastructure-modules"})
	if len(c.events) != 1784 || len(c.findings)+len(c.faults) != 0 {
		t.Fatalf("%d events, findings %v, faults %v; want 1784 events", len(c.events), c.findings, c.faults)
	}
	changes := map[string]content{}
	for _, e := range c.events {
		d := decode(t, e)
		changes[d.Subject.ID] = d
	}
	if len(changes) != 1784 {
		t.Errorf("%d deploy ids, want 1784", len(changes))
	}
	one, other := changes["infrastructure-modules@0.0.7.1"].Subject.Content, changes["infrastructure-modules@0.0.8"].Subject.Content
	if one.Commit == "" || one.Commit != other.Commit || one.Version == other.Version {
		t.Errorf("0.0.7.1 and 0.0.8 share their commit: got %+v and %+v", one, other)
	}
}
