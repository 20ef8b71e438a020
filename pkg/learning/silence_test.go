package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// told is a service of so many days with failures at the given ones.
func told(days int64, at ...float64) learning.Input {
	in := learning.Input{AsOf: since + days*day, Start: since, Services: []learning.Service{alive("api", days)}}
	for i := range days {
		in.Services[0].Deploys = learning.AddDeploys(in.Services[0].Deploys, learning.CountDeploys(since+i*day))
	}
	for i, d := range at {
		f := incident(fmt.Sprint(i), "api", "", 0)
		f.StartedAt = since + int64(d*float64(day))
		in.Incidents = append(in.Incidents, f)
	}
	return in
}

// heard lets failures of no mode be told of from a day to the end of a record, so that
// it does not fall silent.
func heard(in learning.Input, service string, from int64) learning.Input {
	for d := from + 25; since+d*day < in.AsOf; d += 25 {
		in.Incidents = append(in.Incidents, incident(fmt.Sprint("heard", d), service, "", 24*d))
	}
	return in
}

var derivatives = []string{
	"learning_derivative.uncontained", "learning_derivative.uncontained.per_deploy",
	"learning_derivative.uncontained.since_start", "learning_derivative.uncontained.per_doubling",
}

// every puts n failures at equal distances over the days from first to last.
func every(n int, first, last float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = first + (last-first)*float64(i)/float64(n-1)
	}
	return out
}

// Ten failures in the first year, the last four of them in 153 days, and none
// in the second: (153/518)⁴ = 0.008, so the second year may have been quiet or
// untold. 182 days are the shortest silence that is questioned.
func TestSilenceIsNoTrend(t *testing.T) {
	for _, c := range []struct {
		name  string
		in    learning.Input
		state learning.State
		says  string
	}{
		{
			"none told since", told(730, every(10, 20, 365)...), learning.AssumptionFailed,
			"Not reported: the last incident told of is of ",
		},
		{
			"none told before", told(730, every(10, 365, 710)...), learning.AssumptionFailed,
			"Not reported: the first incident told of is of ",
		},
		{"a silence of 183 days, (234/417)⁴ = 0.1", told(730, every(10, 20, 547)...), learning.OK, ""},
		{"25 weeks", told(260, every(10, 5, 85)...), learning.OK, ""},
		{"three failures: 165/530", told(730, 20, 200, 365), learning.OK, ""},
	} {
		got := compute(c.in)
		for _, metric := range derivatives {
			for _, kind := range []string{"organisation", "team", "service"} {
				name := map[string]string{"team": "payments", "service": "api"}[kind]
				e := got.of(t, metric, kind, name, "all")
				if e.State != c.state || !strings.HasPrefix(e.Reading, c.says) {
					t.Errorf("%s: %s of the %s is %s: %s", c.name, metric, kind, e.State, e.Reading)
				}
			}
		}
	}
	// Told until the end of the fourth quarter, and silent in all of the next four.
	in := told(760, every(12, 20, 365)...)
	got := compute(in)
	first, late := "", ""
	for _, e := range got {
		if e.Metric == derivatives[0] && e.Scope.Kind == "organisation" && e.Window != "all" && e.State == learning.OK {
			first = e.Window
		}
		if e.Metric == derivatives[0] && e.Scope.Kind == "organisation" && e.Window != "all" && e.State == learning.AssumptionFailed {
			late = e.Window
		}
	}
	if first == "" || late == "" || first > late {
		t.Errorf("a figure in quarter %q and none in %q, want one as long as failures are told of", first, late)
	}
}

// While harmless failures go on being told of, the absence of severe ones is news.
func TestTheHarmlessBreakTheSilence(t *testing.T) {
	in := told(730, every(20, 20, 710)...)
	for i := range in.Incidents {
		if i >= 10 {
			in.Incidents[i].Severity, in.Incidents[i].Containment = 4, "contained"
		}
	}
	for _, metric := range append([]string{"learning_derivative.severe"}, derivatives...) {
		if e := compute(in).organisation(t, metric); e.State != learning.OK || metric != "learning_derivative.uncontained.since_start" && e.High >= 0 && e.Unit != "ratio" {
			t.Errorf("%s: %s: %s", metric, e.State, e.Reading)
		}
	}
}

// Failures that come in storms are seldom taken for a silence: two storms of six to ten
// a year beside one failure in 45 days, or one storm beside one in 30.
func TestStormsAreNoSilence(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, c := range []struct{ storms, every float64 }{{2, 45}, {1, 30}} {
		refused, n := 0, trials()
		for range n {
			const days = 1000
			var at []float64
			for d := r.ExpFloat64() * c.every; d < days; d += r.ExpFloat64() * c.every {
				at = append(at, d)
			}
			for d := r.ExpFloat64() * 365 / c.storms; d < days-6; d += r.ExpFloat64() * 365 / c.storms {
				for range 6 + r.IntN(5) {
					at = append(at, d+6*r.Float64())
				}
			}
			if e := compute(told(days, at...)).organisation(t, derivatives[0]); e.State == learning.AssumptionFailed {
				refused++
			}
		}
		if share := float64(refused) / float64(n); share > 0.05 {
			t.Errorf("%v storms a year, one in %v days: refused in %.3f of the organisations", c.storms, c.every, share)
		}
	}
}

// A rate that falls steadily, to a fifth or a tenth over three years, keeps
// its figure in all but a few organisations, and so does one that stays. Of 30
// failures that fall to a tenth the last third leaves silence in one of ten.
func TestImprovementIsNoSilence(t *testing.T) {
	const days = 1095.0
	for _, c := range []struct{ c, failures, most float64 }{
		{math.Log(0.1), 60, 0.04}, {math.Log(0.1), 30, 0.1}, {math.Log(0.2), 60, 0.02}, {math.Log(0.2), 20, 0.04}, {0, 40, 0.02}, {0, 12, 0.02},
	} {
		r := rand.New(rand.NewPCG(4, uint64(c.failures)))
		refused, n := 0, 0
		for range trials() {
			var at []float64
			for range int(c.failures) {
				u := r.Float64()
				if c.c != 0 {
					u = math.Log1p(u*math.Expm1(c.c)) / c.c
				}
				at = append(at, u*days)
			}
			n++
			if e := compute(told(int64(days), at...)).organisation(t, derivatives[0]); e.State != learning.OK {
				refused++
			}
		}
		share := float64(refused) / float64(n)
		if most := c.most + 3*math.Sqrt(c.most*(1-c.most)/float64(n)); share > most {
			t.Errorf("c = %.2f, %v failures: refused in %.3f of the organisations, at most %.3f wanted", c.c, c.failures, share, most)
		}
	}
}

// Sixty failures in a year, and none in the seven weeks after it: nobody tells any more,
// and neither trends nor rates may be read. One service alone that fell silent did learn.
func TestAnEndOfReportingIsNoGoodNews(t *testing.T) {
	rates := []string{"containment.uncontained", "containment.severe", "monitoring_gaps.told_by_customer"}
	ended := told(365+49, every(60, 2, 363)...)
	for _, c := range []struct {
		name  string
		in    learning.Input
		state learning.State
	}{
		{"seven weeks", ended, learning.AssumptionFailed},
		{"two stragglers in half a year", told(365+180, append(every(60, 2, 363), 500, 540)...), learning.AssumptionFailed},
		{"three of them", told(365+180, append(every(60, 2, 363), 500, 520, 540)...), learning.OK},
		{"a storm, and 48 quiet days", told(616, append(every(20, 2, 560), every(12, 561, 567)...)...), learning.OK},
		{"five weeks", told(365+35, every(60, 2, 363)...), learning.OK},
		{"one in seven weeks", told(365+49, append(every(60, 2, 363), 390)...), learning.OK},
		{"nineteen failures", told(365+49, every(19, 2, 363)...), learning.OK},
	} {
		got := compute(c.in)
		for _, metric := range append([]string{derivatives[0]}, rates...) {
			e := got.organisation(t, metric)
			if e.State != c.state || e.State != learning.OK && !strings.Contains(e.Reading, "as likely an end of reporting") {
				t.Errorf("%s: %s is %s: %s", c.name, metric, e.State, e.Reading)
			}
		}
	}
	// Nor may what says that little came back.
	for _, metric := range []string{"learning_per_failure", "repeat_rate.after_end.90d", "improvement_effectiveness.proven"} {
		in := told(365+49, every(60, 2, 363)...)
		for i := range in.Incidents {
			in.Incidents[i].FailureMode = fmt.Sprint("mode ", i%12)
		}
		if e := compute(in).organisation(t, metric); e.State == learning.OK {
			t.Errorf("%s: %s", metric, e.Reading)
		}
		in = told(365+49, append(every(60, 2, 363), 390, 400, 410)...)
		for i := range in.Incidents {
			in.Incidents[i].FailureMode = fmt.Sprint("mode ", i%12)
		}
		if e := compute(in).organisation(t, metric); strings.Contains(e.Reading, "end of reporting") {
			t.Errorf("%s while failures are told of: %s", metric, e.Reading)
		}
	}
	ended.Services = append(ended.Services, alive("other", 365+49))
	for i, d := range every(60, 2, 412) {
		f := incident(fmt.Sprint("other", i), "other", "", 0)
		f.StartedAt = since + int64(d*float64(day))
		ended.Incidents = append(ended.Incidents, f)
	}
	for _, metric := range rates {
		if e := compute(ended).of(t, metric, "service", "api", "all"); e.State != learning.OK {
			t.Errorf("%s of a service that fell silent alone is %s: %s", metric, e.State, e.Reading)
		}
	}
}
