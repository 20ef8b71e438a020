package learning_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

func TestCoarser(t *testing.T) {
	for mode, want := range map[string]string{
		"disk-full": "disk", "disk-full-2": "disk", "Disk (other)": "disk", "disk2": "disk", "disk": "disk", "disk/v2": "disk",
		"certificate.expiry": "certificate", "dns:timeout": "dns", "db_lock": "db", "503": "503", "-": "-", "": "",
	} {
		if got := learning.Coarser(mode); got != want {
			t.Errorf("%q is of group %q, should be %q", mode, got, want)
		}
	}
}

// renamed files the repeats after a fix under a new name.
func renamed(in learning.Input, rename bool) learning.Input {
	in.Incidents, in.Improvements, in.Services = nil, nil, nil
	for i := range 30 {
		name := fmt.Sprintf("service-%02d", i)
		in.Services = append(in.Services, alive(name, 1000))
		for k, at := range []int64{100, 140, 180, 300, 450, 700} {
			mode := "disk"
			if rename && k > 2 {
				mode = "disk-new"
			}
			in.Incidents = append(in.Incidents, incident(fmt.Sprint(name, k), name, mode, 24*at))
		}
		closed := since + 185*day
		in.Improvements = append(in.Improvements, learning.Improvement{ID: name, Service: name, FailureMode: "disk", ClosedAt: closed, WitnessedClosedAt: closed})
	}
	return heard(in, "service-00", 700)
}

// Thirty modes come back after their fixes under a new name: the headline
// takes that for learning, the group does not, and the failures of new modes
// and of any mode tell.
func TestRenamingDoesNotPay(t *testing.T) {
	in := learning.Input{AsOf: since + 1000*day, Start: since}
	honest, posed := compute(renamed(in, false)), compute(renamed(in, true))
	const headline, coarser = "learning_per_failure.declared", "learning_per_failure.coarser"
	if a, b := honest.organisation(t, headline), posed.organisation(t, headline); a.Events != 90 || b.Events != 0 {
		t.Errorf("repeats as called: %d, renamed %d", a.Events, b.Events)
	}
	a, b := honest.organisation(t, coarser), posed.organisation(t, coarser)
	if a.State != learning.OK || a.Events != b.Events || a.Exposure != b.Exposure {
		t.Errorf("grouped coarser:\n%+v\n%+v", a, b)
	}
	plain := honest.organisation(t, "learning_per_failure")
	plain.Metric = coarser
	if !same(a, plain) {
		t.Errorf("one mode a service is a group of its own:\n%+v\n%+v", a, plain)
	}
	if a, b := honest.organisation(t, "new_modes.rate"), posed.organisation(t, "new_modes.rate"); b.Events != a.Events+30 {
		t.Errorf("failures of new modes: %d, renamed %d", a.Events, b.Events)
	}
	if a, b := honest.organisation(t, "learning_per_failure.any_mode"), posed.organisation(t, "learning_per_failure.any_mode"); b.Value != a.Value {
		t.Errorf("failures of any mode: %v, renamed %v", a.Value, b.Value)
	}
}

// Five failures after the first on each of two of three services, the first on
// day 100 of 600: 10 in 1,000 service-days, of which Garwood's interval is
// 4.795389 to 18.390356. A service that never failed adds none.
func TestAnyModeRepeats(t *testing.T) {
	in := learning.Input{AsOf: since + 600*day, Start: since}
	for _, name := range []string{"a", "b", "quiet"} {
		in.Services = append(in.Services, alive(name, 600))
		for k := range 6 {
			if name != "quiet" {
				mode := []string{"disk", "dns", "", "lock", "memory", "disk"}[k]
				in.Incidents = append(in.Incidents, incident(fmt.Sprint(name, k), name, mode, int64(24*(100+80*k))))
			}
		}
	}
	e := compute(in).organisation(t, "learning_per_failure.any_mode")
	near(t, "service-days", e.Exposure, 1000)
	near(t, "rate", e.Value, 10)
	near(t, "low", e.Low, 4.7953887)
	near(t, "high", e.High, 18.3903561)
	in.Incidents = in.Incidents[:11]
	if e := compute(in).organisation(t, "learning_per_failure.any_mode"); e.State != learning.Insufficient || e.N != 9 {
		t.Errorf("nine are too few: %+v", e)
	}
}

// What a number rests on stands beside it: the modes that began within the
// record, the fixes that nobody witnessed, and what so much data could show.
func TestNumbersSayWhatTheyRestOn(t *testing.T) {
	in := renamed(learning.Input{AsOf: since + 1000*day, Start: since}, false)
	for i := range in.Improvements[:12] {
		in.Improvements[i].Imported = true
	}
	got := compute(in)
	for _, metric := range []string{
		"learning_per_failure", "learning_per_failure.declared", "learning_per_failure.coarser", "learning_per_failure.power",
		"learning_derivative.repeats", "improvement_effectiveness.failed", "repeat_rate.after_fix.90d",
	} {
		e := got.organisation(t, metric)
		if !strings.Contains(e.Reading, "12 of 30 fixes are taken as stated") {
			t.Errorf("%s does not say that fixes are unwitnessed: %s", metric, e.Reading)
		}
		if strings.HasPrefix(metric, "learning_") && !strings.Contains(e.Reading, "modes that began within the record") {
			t.Errorf("%s does not say how many modes are new: %s", metric, e.Reading)
		}
	}
	const says = "Were half of the recurrences to stop, this much data would show it "
	e, power := got.organisation(t, "learning_per_failure"), got.organisation(t, "learning_per_failure.power")
	if _, after, found := strings.Cut(e.Reading, says); !found || math.IsNaN(power.Value) || !strings.HasPrefix(after, fmt.Sprintf("%.0f %%", 100*power.Value)) && !(power.Value > 0.99 && strings.HasPrefix(after, "more than 99 %")) {
		t.Errorf("power %v is not said: %s", power.Value, e.Reading)
	}
}

// PerFailure says what Compute says.
func TestPerFailureAlone(t *testing.T) {
	in := random(5, 6, 300, 900)
	whole := compute(in)
	alone := learning.PerFailure(in, learning.DefaultSettings())
	found := 0
	for _, e := range alone {
		if e.Scope.Kind == "organisation" && e.Window == "all" {
			found++
			if !same(e, whole.organisation(t, e.Metric)) {
				t.Errorf("alone: %+v", e)
			}
		}
	}
	if found != 7 {
		t.Errorf("%d estimates of the organisation", found)
	}
}
