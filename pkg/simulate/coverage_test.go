package simulate

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// TestCoverage estimates from what really happened, without events and store
// between, and checks that the 95 % intervals hold the planted values as often as
// they say. 4 organisations; 100 with TUITION_LONG=1.
func TestCoverage(t *testing.T) {
	seeds := 4
	if os.Getenv("TUITION_LONG") == "1" {
		seeds = 100
	}
	type tally struct{ covered, ok, all int }
	var total tally
	byMetric := map[string]*tally{}
	sums := map[string]float64{} // of the relative error
	for seed := range uint64(seeds) {
		s := simulation(t, Config{Seed: seed + 1})
		run := learning.Compute(s.world.input(), learning.DefaultSettings())
		for _, row := range Compare(s.Truth(), run.Estimates) {
			if row.State == "" {
				t.Fatalf("%s of %v was planted and not estimated", row.Metric, row.Scope)
			}
			if row.Scope.Kind != "organisation" {
				continue
			}
			m := byMetric[row.Metric]
			if m == nil {
				m = &tally{}
				byMetric[row.Metric] = m
			}
			m.all++
			if row.State != learning.OK {
				t.Errorf("seed %d: %s is %s", seed+1, row.Metric, row.State)
				continue
			}
			m.ok++
			total.ok++
			sums[row.Metric] += row.Value - row.Planted
			if row.Covered {
				m.covered++
				total.covered++
			} else if testing.Verbose() {
				t.Logf("seed %d: %s planted %.4g, estimated %.4g (%.4g to %.4g)", seed+1, row.Metric, row.Planted, row.Value, row.Low, row.High)
			}
		}
	}
	for metric, m := range byMetric {
		// Even if each interval held 95 %, so few would be held once in ten thousand tests.
		if least := fewest(m.ok, 0.95, 1e-4/float64(len(byMetric))); m.covered < least {
			t.Errorf("%s: %d of %d intervals hold the planted value, at least %d should", metric, m.covered, m.ok, least)
		}
		if seeds >= 100 {
			t.Logf("%-45s %3d of %3d, mean error %+.4g", metric, m.covered, m.ok, sums[metric]/float64(m.ok))
		}
	}
	if share := float64(total.covered) / float64(total.ok); share < 0.9 {
		t.Errorf("%d of %d intervals hold the planted value", total.covered, total.ok)
	}
}

// fewest is the largest k with P(X < k) ≤ alpha for a binomial X of n trials.
func fewest(n int, p, alpha float64) int {
	term := math.Pow(1-p, float64(n))
	sum := term
	k := 0
	for ; k < n && sum <= alpha; k++ {
		term *= float64(n-k) / float64(k+1) * p / (1 - p)
		sum += term
	}
	return k
}

// input is the world as a perfect pipeline would hand it to the estimators.
func (w *world) input() learning.Input {
	in := learning.Input{AsOf: w.end, Start: w.begin, Hash: fmt.Sprint(w.Seed)}
	of := func(i int) (name, team string) {
		s := &w.services[i]
		if s.team < 0 {
			return s.name, unknownTeam
		}
		return s.name, w.teams[s.team].name
	}
	times := make([][]int64, len(w.services)) // of all changes
	deploys := make([][]int64, len(w.services))
	stated := map[*change]bool{}
	for _, f := range w.failures {
		if f.stated && f.counts() {
			stated[f.cause] = true
		}
	}
	made := newChanges(w)
	type counted struct {
		of      learning.ChangeOf
		quarter string
	}
	counts := map[counted][4]int64{}
	for from := w.begin; from < w.end; from += 7 * dayMillis {
		for _, c := range made.week(from, min(from+7*dayMillis, w.end)) {
			if c.finished >= w.end {
				continue
			}
			times[c.service] = append(times[c.service], c.finished)
			kind := "flag"
			if c.flag == "" {
				kind = "deploy"
				deploys[c.service] = append(deploys[c.service], c.finished)
			}
			name, team := of(c.service)
			at := time.UnixMilli(c.finished).UTC()
			key := counted{learning.ChangeOf{Service: name, Team: team, Kind: kind}, fmt.Sprintf("%d-Q%d", at.Year(), (at.Month()+2)/3)}
			n := counts[key]
			if c.finished > w.end-dayMillis {
				n[2]++
				counts[key] = n
				continue
			}
			n[0]++
			if c.outcome != "" {
				n[3]++
			}
			back := c.rolledBack
			if back >= w.end {
				back = 0
			}
			if c.outcome == "failed" || back != 0 || stated[c] {
				n[1]++
				in.FailedChange = append(in.FailedChange, learning.FailedChange{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: name, Team: team, Kind: kind}}, ID: c.id, FinishedAt: c.finished, RolledBackAt: back})
			}
			counts[key] = n
		}
	}
	for key, n := range counts {
		in.Changes = append(in.Changes, learning.ChangeCount{
			ChangeOf: &key.of, Quarter: key.quarter, Changes: n[0], Failed: n[1], TooYoung: n[2], EndingTold: n[3],
		})
	}
	for i := range w.services {
		slices.Sort(times[i])
		name, team := of(i)
		in.Services = append(in.Services, learning.Service{
			Name: name, Team: team, InCatalog: team != unknownTeam,
			AliveFrom: w.at(w.services[i].from), AliveTo: w.at(w.services[i].to), Deploys: learning.CountDeploys(deploys[i]...),
		})
	}
	w.putIncidents(&in, of, times)
	for _, i := range w.improvements {
		name, team := of(i.mode.service)
		told := learning.Improvement{ID: i.id, Service: name, Team: team, FailureMode: i.mode.name, OpenedAt: i.opened}
		if i.closed != 0 && i.closed+i.late < w.end {
			told.ClosedAt, told.WitnessedClosedAt = i.closed, i.closed+i.late
		}
		in.Improvements = append(in.Improvements, told)
	}
	for _, g := range w.gaps {
		if g.found >= w.end {
			continue
		}
		name, team := of(g.mode.service)
		told := learning.MonitoringGap{ID: g.id, Service: name, Team: team, FailureMode: g.mode.name, FoundAt: g.found, State: "open"}
		if g.closed != 0 && g.closed < w.end {
			told.ClosedAt, told.State = g.closed, "unproven"
		}
		in.Gaps = append(in.Gaps, told)
	}
	return in
}

func (w *world) putIncidents(in *learning.Input, of func(int) (string, string), times [][]int64) {
	for _, f := range w.failures {
		if f.retracted {
			continue
		}
		known := func(at int64) int64 {
			if at >= w.end {
				return 0
			}
			return at
		}
		name, team := of(f.service)
		i := learning.Incident{
			ID: f.id, Service: name, Team: team, Severity: uint8(f.severity), DetectedAt: known(f.detected),
			AcknowledgedAt: known(f.acknowledged), MitigatedAt: known(f.mitigated), ResolvedAt: known(f.resolved),
			DetectionSource: f.told, Containment: "uncontained", IsDrill: f.drill, DuplicateOf: f.duplicate,
		}
		if !f.noStart {
			i.StartedAt = f.started
		}
		if f.contained {
			i.Containment = "contained"
		}
		if f.mode != nil {
			i.FailureMode = f.mode.name
			if class := w.class(f); class != "" {
				in.Recurrences = append(in.Recurrences, learning.Recurrence{IncidentID: f.id, Class: class})
			}
		}
		if i.DetectedAt == 0 {
			continue
		}
		in.Incidents = append(in.Incidents, i)
		if f.counts() {
			in.Crossover = append(in.Crossover, w.crossing(f, i.At(), name, team, times))
		}
	}
}

// class is the management problem that a recurrence is.
func (w *world) class(f *failure) string {
	day := w.day(f.started)
	switch {
	case !f.earlier || f.echo:
		return ""
	case day >= f.mode.closed:
		return "repeat"
	case day >= f.mode.opened && day < f.mode.given:
		return "known_open"
	}
	return "unaddressed"
}

func (w *world) crossing(f *failure, at int64, name, team string, times [][]int64) learning.Crossover {
	s := &w.services[f.service]
	changed := func(to int64) bool {
		for _, service := range append([]int{f.service}, s.deps...) {
			i, _ := slices.BinarySearch(times[service], to-dayMillis)
			if i < len(times[service]) && times[service][i] <= to {
				return true
			}
		}
		return false
	}
	c := learning.Crossover{IncidentID: f.id, At: at, Exposed: changed(at)}
	for week := int64(1); week <= 4; week++ {
		to := at - week*7*dayMillis
		if to-dayMillis < w.at(s.from) {
			continue
		}
		c.References++
		if changed(to) {
			c.ReferenceShare++
		}
	}
	if c.References > 0 {
		c.ReferenceShare /= float64(c.References)
	}
	return c
}
