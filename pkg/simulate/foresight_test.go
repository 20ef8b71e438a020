package simulate

import (
	"math"
	"testing"
)

// TestForesightAsPlanted compares what was drawn with what was planted, within four standard deviations.
func TestForesightAsPlanted(t *testing.T) {
	w := simulation(t, Config{Incidents: 4000, Quarters: 20}).world
	var days float64
	for i := range w.services {
		s := &w.services[i]
		days += s.opens * (s.to - s.from)
	}
	number := func(what string, n int, want float64) {
		t.Helper()
		if math.Abs(float64(n)-want) > 4*math.Sqrt(want) {
			t.Errorf("%d %s, planted %.0f", n, what, want)
		}
	}
	number("experiments", len(w.experiments), days*triedPerDay)
	number("near misses", len(w.nearMisses), days*missedPerDay)
	refuted, escaped := 0, 0
	for _, x := range w.experiments {
		if x.refuted {
			refuted++
		}
		if x.escaped {
			escaped++
		}
	}
	number("refuting experiments", refuted, days*triedPerDay*refutes)
	number("escaped ones", escaped, days*triedPerDay*refutes*gotOut)

	var failures, first, later, logs float64
	for _, f := range w.failures {
		if f.counts() {
			failures++
		}
	}
	for _, c := range w.costs {
		if c.supersedes == "" {
			first++
		} else {
			later++
		}
		logs += math.Log(float64(c.likely))
	}
	number("costs", int(first), failures*costed)
	number("costs that supersede", int(later), failures*costed*recosted)
	n := first + later
	if mean := logs / n; math.Abs(mean-math.Log(costing.median)) > 4*costing.spread/math.Sqrt(n) {
		t.Errorf("costs are %.0f in the geometric mean, planted %.0f", math.Exp(mean), costing.median)
	}
}

// TestRisksAreCalibrated: as many come true as their probabilities say, within four standard deviations.
func TestRisksAreCalibrated(t *testing.T) {
	w := simulation(t, Config{Incidents: 4000, Quarters: 20}).world
	type key struct {
		service int
		mode    string
	}
	failures := map[key][]int64{}
	for _, f := range w.failures {
		if f.mode != nil && !f.echo && f.counts() {
			k := key{f.service, f.mode.name}
			failures[k] = append(failures[k], f.started)
		}
	}
	var came, expected, variance float64
	for _, k := range w.risks {
		if w.day(k.at)+horizonDays > w.services[k.service].to {
			continue
		}
		expected += k.probability
		variance += k.probability * (1 - k.probability)
		for _, at := range failures[key{k.service, k.mode}] {
			if at > k.at && at <= k.at+horizonDays*dayMillis {
				came++
				break
			}
		}
	}
	// Risks of one mode that overlap come true together: not more than a few do, which doubles the variance at most.
	if len(w.risks) < 100 || math.Abs(came-expected) > 4*math.Sqrt(2*variance) {
		t.Errorf("%.0f of %d risks came true, planted %.1f", came, len(w.risks), expected)
	}
}
