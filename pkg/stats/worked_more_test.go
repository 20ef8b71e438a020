package stats_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/tuition-hq/tuition/pkg/stats"
)

func eTest(t *testing.T, data, expected json.RawMessage) {
	in := into[[4]float64](t, data)
	want := into[struct{ Statistic, P float64 }](t, expected)
	statistic, p := stats.ETest(int64(in[0]), in[1], int64(in[2]), in[3])
	near(t, "statistic", statistic, want.Statistic)
	near(t, "p", p, want.P)
}

func gini(t *testing.T, data, expected json.RawMessage) {
	want := into[map[string]float64](t, expected)
	for name, amounts := range into[map[string][]float64](t, data) {
		near(t, name, stats.Gini(amounts), want[name])
	}
}

func benjaminiHochberg(t *testing.T, data, expected json.RawMessage) {
	p := into[[]float64](t, data)
	want := into[struct {
		Adjusted  []float64
		Rejected  int       `json:"n_reject_0.05"`
		Yekutieli []float64 `json:"BY_adjusted"`
	}](t, expected)
	rejected := 0
	for i, q := range stats.BenjaminiHochberg(p) {
		near(t, fmt.Sprint("BH ", i), q, want.Adjusted[i])
		if q <= 0.05 {
			rejected++
		}
	}
	if rejected != want.Rejected {
		t.Errorf("rejected %d, want %d", rejected, want.Rejected)
	}
	for i, q := range stats.BenjaminiYekutieli(p) {
		near(t, fmt.Sprint("BY ", i), q, want.Yekutieli[i])
	}
}

func quantileRanks(t *testing.T, _, expected json.RawMessage) {
	type ranks struct {
		Lower int  `json:"lower_rank"`
		Upper *int `json:"upper_rank"`
	}
	for name, want := range into[map[string]ranks](t, expected) {
		var n int
		var p float64
		if _, err := fmt.Sscanf(name, "n%d_p%g", &n, &p); err != nil {
			t.Fatal(err)
		}
		upper := 0
		if want.Upper != nil {
			upper = *want.Upper
		}
		if l, u := stats.QuantileRanks(n, p, 0.95); l != want.Lower || u != upper {
			t.Errorf("%s: got %d to %d, want %d to %d", name, l, u, want.Lower, upper)
		}
	}
}

func heavyTail(t *testing.T, data, expected json.RawMessage) {
	values := into[[]float64](t, data)
	want := into[struct {
		Mean     float64    `json:"geo_mean"`
		CI       [2]float64 `json:"geo_mean_ci95_t"`
		Median   float64    `json:"median_type7"`
		MedianCI [2]float64 `json:"median_ci_scipy_quantile_test"`
	}](t, expected)
	mean, interval := stats.GeometricMean(values, 0.95)
	near(t, "geometric mean", mean, want.Mean)
	nearInterval(t, "geometric mean", interval, want.CI)
	var finished []stats.Lifetime
	for _, v := range values {
		finished = append(finished, stats.Lifetime{Time: v, Event: true})
	}
	near(t, "median", stats.KaplanMeier(finished).Quantile(0.5), want.Median)
	lower, upper := stats.QuantileRanks(len(values), 0.5, 0.95)
	nearInterval(t, "median", stats.Interval{Low: values[lower-1], High: values[upper-1]}, want.MedianCI)
}

func pumps(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		Failures []float64
		Time     []float64 `json:"time_kh"`
	}](t, data)
	want := into[struct {
		Alpha, Beta float64
		Mean        []float64  `json:"eb_mean"`
		Pump1       [2]float64 `json:"eb_ci95_pump1"`
	}](t, expected)
	// The example's α and β are scipy's, found to about six digits only.
	fit := stats.FitGammaPoisson(in.Failures, in.Time)
	near(t, "α", fit.Shape, want.Alpha)
	near(t, "β", fit.Rate, want.Beta)
	for i := range in.Failures {
		mean, interval := fit.Posterior(in.Failures[i], in.Time[i], 0.95)
		near(t, fmt.Sprint("pump ", i+1), mean, want.Mean[i])
		if i == 0 {
			nearInterval(t, "pump 1", interval, want.Pump1)
		}
	}
}

func brier(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		P []float64
		Y []int
	}](t, data)
	want := into[struct {
		Brier, Climatology float64
		Skill              float64 `json:"brier_skill"`
		LogLoss            float64 `json:"log_loss"`
	}](t, expected)
	happened := make([]bool, len(in.Y))
	for i, y := range in.Y {
		happened[i] = y == 1
	}
	got := stats.ScoreForecasts(in.P, happened)
	near(t, "Brier", got.Brier, want.Brier)
	near(t, "climatology", got.Climatology, want.Climatology)
	near(t, "skill", got.Skill, want.Skill)
	near(t, "log loss", got.LogLoss, want.LogLoss)
}

// The fixed-look rule is the exact conditional test with nothing after: p = (E0/(E0+E1))^n0.
func fixVerification(t *testing.T, _, expected json.RawMessage) {
	for name, want := range into[map[string]map[string]float64](t, expected) {
		for _, ratio := range want {
			n0 := int64(number(t, name[len("n0="):]))
			near(t, name, stats.ComparePoisson(0, ratio, n0, 1, 0.95).Less, 0.05)
		}
	}
}

// 80 % per doubling: b = log2 0.8 by β = 1/(1−b).
func wright(t *testing.T, _, expected json.RawMessage) {
	want := into[struct {
		B    float64
		Unit float64 `json:"unit8_of_100"`
	}](t, expected)
	perDoubling := stats.PerDoubling(1 / (1 - want.B))
	near(t, "per doubling", perDoubling, 0.8)
	near(t, "after three", 100*perDoubling*perDoubling*perDoubling, want.Unit)
}

func proportionalOdds(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		Time     []float64
		Severity []int
	}](t, data)
	want := into[struct{ Beta, SE, LLF float64 }](t, expected)
	fit := stats.FitProportionalOdds(in.Time, in.Severity)
	near(t, "β", fit.Beta, want.Beta)
	near(t, "log-likelihood", fit.LogLikelihood, want.LLF)
	near(t, "standard error", fit.SE, want.SE)
}

func lowerThan(t *testing.T, _, expected json.RawMessage) {
	for _, want := range into[map[string]float64](t, expected) {
		after, before := stats.GammaPoisson{Shape: 1.8, Rate: 2.2}, stats.GammaPoisson{Shape: 5.8, Rate: 2.2}
		near(t, "after lower than before", after.LowerThan(before), want)
	}
}

func smallestCounts(t *testing.T, _, expected json.RawMessage) {
	for _, row := range into[struct {
		Rows [][2]float64 `json:"one_sided_n0_with_n1=0"`
	}](t, expected).Rows {
		near(t, "p", stats.ComparePoisson(0, 1, int64(row[0]), 1, 0.95).Less, row[1])
	}
}

// npmle checks rates, and what was due after intervention, under a fit.
func npmle(fit func([]stats.ModeHistory, []float64, int) stats.RateMixture) func(*testing.T, json.RawMessage, json.RawMessage) {
	return func(t *testing.T, data, expected json.RawMessage) {
		in := into[struct {
			First, N, E, After, O []float64
			T                     float64
		}](t, data)
		want := into[struct {
			Lambda    []float64
			E         float64
			Learn     float64
			Variances float64 `json:"sum_V_after2"`
		}](t, expected)
		var modes []stats.ModeHistory
		for i := range in.First {
			modes = append(modes, stats.ModeHistory{First: in.First[i], Recurrences: in.N[i], Until: in.E[i], Observed: in.T})
		}
		m := fit(modes, stats.LogGrid(0.2/156, 0.5, 60), 2000)
		var due, came, variances float64
		for i, mode := range modes {
			rate, variance := m.Posterior(stats.NewLikelihood(mode, m.Grid))
			near(t, fmt.Sprint("mode ", i), rate, want.Lambda[i])
			due += rate * in.After[i]
			variances += variance * in.After[i] * in.After[i]
			came += in.O[i]
		}
		near(t, "expected", due, want.E)
		near(t, "learning per failure", 1-came/due, want.Learn)
		if want.Variances != 0 {
			near(t, "ΣVx²", variances, want.Variances)
		}
		if m.Born > 1e-100 {
			t.Errorf("share born within: got %g", m.Born)
		}
	}
}

// prior is the density of the factor that the examples of e-values average
// over: a gamma of shape 2 and rate 1 above 1, r·e^(1−r)/2.
func prior(r float64) float64 { return r * math.Exp(1-r) / 2 }

// e-values of a known rate, averaged over that density instead of a few factors.
func knownRate(t *testing.T, _, expected json.RawMessage) {
	for example, want := range into[map[string]float64](t, expected) {
		var events, due float64
		if _, err := fmt.Sscanf(example, "N=%g,Lambda0=%g", &events, &due); err != nil {
			t.Fatal(err)
		}
		near(t, example, simpson(func(r float64) float64 { return prior(r) * math.Exp(stats.LogKnownRate(events, due, r)) }, 1, 80), want)
	}
}

// e-values of a rate that is not known, averaged over that density.
func unknownRate(t *testing.T, _, expected json.RawMessage) {
	for example, want := range into[map[string]float64](t, expected) {
		var n0, e0, n1, e1 float64
		if _, err := fmt.Sscanf(example, "n0=%g,E0=%g,n1=%g,E1=%g", &n0, &e0, &n1, &e1); err != nil {
			t.Fatal(err)
		}
		near(t, example, simpson(func(r float64) float64 { return prior(r) * stats.RateChange(n0, e0, n1, e1, []float64{r}, 1) }, 1, 80), want)
	}
}

func recurrenceRatio(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		O    int
		E, C float64
	}](t, data)
	want := into[struct{ Rho [2]float64 }](t, expected)
	nearInterval(t, "ρ", stats.RecurrenceRatio(in.O, in.E, in.C, 0.95), want.Rho)
}

func newKind(t *testing.T, data, expected json.RawMessage) {
	in := into[struct{ N, F1, F2 int }](t, data)
	want := into[struct{ Value, Low, High float64 }](t, expected)
	chance, interval := stats.NewKind(in.N, in.F1, in.F2, 0.95)
	near(t, "chance", chance, want.Value)
	// The example takes 1.96 for the normal quantile, which moves the sixth digit.
	if math.Abs(interval.Low-want.Low) > 2e-5 || math.Abs(interval.High-want.High) > 2e-5 {
		t.Errorf("got %v, want %v to %v", interval, want.Low, want.High)
	}
}

// The example gives two decimals, rounded up.
func proofExposure(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		N0    []float64
		R     []float64 `json:"r_grid"`
		Alpha float64
	}](t, data)
	want := into[struct {
		Ratio []float64 `json:"E1_over_E0"`
	}](t, expected)
	for i, n0 := range in.N0 {
		if got := stats.FixExposure(n0, in.R, 1/in.Alpha); math.Abs(got-want.Ratio[i]) > 0.0051 {
			t.Errorf("n₀ = %v: got %.4f, want %v", n0, got, want.Ratio[i])
		}
	}
}
