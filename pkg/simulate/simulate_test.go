package simulate

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/event"
)

func simulation(t testing.TB, c Config) *Simulation {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var small = Config{Quarters: 2, Teams: 3, Services: 6, Incidents: 60, Deploys: 500}

// TestSameSeedSameBytes ranges twice over one simulation and once over its twin.
func TestSameSeedSameBytes(t *testing.T) {
	log := func(s *Simulation) []byte {
		var b bytes.Buffer
		for m := range s.Records() {
			b.Write(m.Key)
			b.Write(m.Value)
			for _, h := range m.Headers {
				b.WriteString(h.Key)
				b.Write(h.Value)
			}
		}
		return b.Bytes()
	}
	s := simulation(t, small)
	first := log(s)
	if !bytes.Equal(first, log(s)) {
		t.Error("ranging again gave other bytes")
	}
	if !bytes.Equal(first, log(simulation(t, small))) {
		t.Error("the same configuration gave other bytes")
	}
	other := small
	other.Seed = 2
	if bytes.Equal(first, log(simulation(t, other))) {
		t.Error("another seed gave the same bytes")
	}
}

// TestTheLogIsDisorderly checks that what the pipeline must bear is in the log.
func TestTheLogIsDisorderly(t *testing.T) {
	s := simulation(t, Config{})
	seen := map[string]int{}
	var late, twice, structured, records int
	var last event.Millis
	for m := range s.Records() {
		records++
		if m.Time < last {
			t.Fatalf("delivered at %d after %d", m.Time, last)
		}
		last = m.Time
		if bytes.HasPrefix(m.Value, []byte(`{"specversion"`)) {
			structured++
		}
		id := identity(t, m.Value)
		if seen[id]++; seen[id] == 2 {
			twice++
		}
		if happened(t, m.Value) < int64(m.Time)-hourMillis {
			late++
		}
	}
	for what, n := range map[string]int{"late": late, "told twice": twice, "structured": structured} {
		if share := float64(n) / float64(records); share < 0.01 || share > 0.2 {
			t.Errorf("%s: %.4f of %d records", what, share, records)
		}
	}
}

var idMark, timeMark = []byte(`"id":"`), []byte(`"timestamp":"`)

func text(t *testing.T, value, mark []byte) string {
	t.Helper()
	_, rest, found := bytes.Cut(value, mark)
	word, _, ended := bytes.Cut(rest, []byte(`"`))
	if !found || !ended {
		t.Fatalf("no %s in %s", mark, value)
	}
	return string(word)
}

func identity(t *testing.T, value []byte) string { return text(t, value, idMark) }

func happened(t *testing.T, value []byte) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text(t, value, timeMark))
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

// TestModesNeverExceedTheRate is what makes both plants exact: the modes' own
// rates together never exceed the service's.
func TestModesNeverExceedTheRate(t *testing.T) {
	w := simulation(t, Config{}).world
	for i := range w.services {
		s := &w.services[i]
		for day := s.from; day < s.to; day++ {
			var sum float64
			for _, m := range w.modes {
				if m.service == i && m.first <= day {
					sum += m.rate(day)
				}
			}
			if rate := s.failureRate(day); sum > rate*(1+1e-9) {
				t.Fatalf("%s on day %.0f: its modes fail %.5f times a day, itself %.5f", s.name, day, sum, rate)
			}
		}
	}
}

// TestExpectedNumbers compares what was drawn with what was asked for, within four standard deviations.
func TestExpectedNumbers(t *testing.T) {
	w := simulation(t, Config{}).world
	var failures, repeats, caused, deploys float64
	for _, f := range w.failures {
		if f.counts() || f.echo {
			failures++
		}
		if f.earlier {
			repeats++
		}
		if f.cause != nil {
			caused++
		}
	}
	c := newChanges(w)
	for from := w.begin; from < w.end; from += 7 * dayMillis {
		for _, change := range c.week(from, min(from+7*dayMillis, w.end)) {
			if change.flag == "" {
				deploys++
			}
		}
	}
	// Echoes and causing deployments come on top of the numbers asked for.
	for _, n := range []struct {
		what       string
		got, wants float64
	}{{"failures", failures, defaultIncidents * (1 + echoes)}, {"deployments", deploys, defaultDeploys + caused}} {
		if math.Abs(n.got-n.wants) > 4*math.Sqrt(n.wants) {
			t.Errorf("%s: %.0f, expected %.0f", n.what, n.got, n.wants)
		}
	}
	if repeats < 80 || caused < 80 {
		t.Errorf("%.0f failures came back and %.0f were caused by a deployment: too few to estimate from", repeats, caused)
	}
}

// TestLogLinearTrendFindsTheTrend gives it a rate that is log-linear on the clock.
func TestLogLinearTrendFindsTheTrend(t *testing.T) {
	for _, b := range []float64{-0.02, 0, 0.003} {
		exposure := make([]float64, 700)
		rate := make([]float64, len(exposure))
		var clock float64
		for i := range exposure {
			exposure[i] = 1 + float64(i%3)
			rate[i] = exposure[i] * math.Exp(b*(clock+exposure[i]/2))
			clock += exposure[i]
		}
		if got := logLinearTrend(rate, exposure); math.Abs(got-b) > 1e-9 {
			t.Errorf("trend %v, planted %v", got, b)
		}
	}
}

func TestQuantileOfALognormal(t *testing.T) {
	l := lognormal{median: 7, spread: 0.8}
	// exp(0.8 · 1.2815515655446004), the normal's 90 % point.
	for p, want := range map[float64]float64{0.5: 7, 0.9: 7 * math.Exp(0.8*1.2815515655446004)} {
		if got := quantile(p, l.probability); math.Abs(got/want-1) > 1e-9 {
			t.Errorf("quantile %v is %v, want %v", p, got, want)
		}
	}
}

func TestConfigRefusesWhatMakesNoOrganisation(t *testing.T) {
	for name, c := range map[string]Config{
		"end inside a day":        {End: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)},
		"no quarter":              {Quarters: -1},
		"fewer services than one": {Teams: 5, Services: 4},
		"negative incidents":      {Incidents: -1},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// TestRecurrencesAtAConstantRate against the renewal function of gaps of three days plus an exponential:
// Σ over k of P(Gamma(k) ≤ rate·(days − 3(k−1))); the seventh is below 1e-5.
func TestRecurrencesAtAConstantRate(t *testing.T) {
	const rate, days = 0.004, 180.0
	var want float64
	for k := range 6 {
		x := rate * (days - window*float64(k))
		tail, term := math.Exp(-x), math.Exp(-x)
		for j := 1; j <= k; j++ {
			term *= x / float64(j)
			tail += term
		}
		want += 1 - tail
	}
	if got := recurrences(days, func(float64) float64 { return rate })[days*perDay]; math.Abs(got/want-1) > 1e-3 {
		t.Errorf("%v recurrences, want %v", got, want)
	}
}
