package stats_test

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// worked is testdata/worked.json: data, expected values and their source
// (published tables, or scipy, statsmodels, lifelines and reliability as each
// entry's computed_by says).
type worked map[string]struct {
	Data     json.RawMessage
	Expected json.RawMessage
}

func readWorked(t *testing.T) worked {
	t.Helper()
	raw, err := os.ReadFile("testdata/worked.json")
	if err != nil {
		t.Fatal(err)
	}
	var out worked
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// into decodes one part of an example.
func into[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// near asserts six digits.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if diff := math.Abs(got - want); got != want && !(diff <= 1e-6*math.Abs(want) || diff < 1e-12) {
		t.Errorf("%s: got %.10g, want %.10g", what, got, want)
	}
}

func nearInterval(t *testing.T, what string, got stats.Interval, want [2]float64) {
	t.Helper()
	near(t, what+" low", got.Low, want[0])
	near(t, what+" high", got.High, want[1])
}

func TestWorkedExamples(t *testing.T) {
	examples := map[string]func(t *testing.T, data, expected json.RawMessage){
		"crow_amsaa_reliawiki_failure_truncated":         crowAMSAA(true),
		"crow_amsaa_milhdbk189_1981_appC_time_truncated": crowAMSAA(false),
		"crow_grouped_milhdbk189":                        crowGrouped,
		"poisson_exact_conditional_0_vs_3":               poissonExact,
		"poisson_garwood":                                garwood,
		"proportion_intervals95":                         proportions,
		"kaplan_meier_6mp":                               kaplanMeier,
		"lognormal_min_n_per_period_sdlog1.25_power80":   lognormalSize,
		"mcf_nonparametric_5_systems":                    mcf,
		"case_crossover_mh":                              caseCrossover,
		"poisson_e_test_scipy_docs":                      eTest,
		"gini":                                           gini,
		"benjamini_hochberg_1995":                        benjaminiHochberg,
		"quantile_order_statistic_ranks95":               quantileRanks,
		"durations_heavy_tail_synthetic":                 heavyTail,
		"empirical_bayes_gamma_poisson_pumps":            pumps,
		"brier_synthetic":                                brier,
		"fix_verification_rule":                          fixVerification,
		"wright_80pct":                                   wright,
		"proportional_odds_synthetic":                    proportionalOdds,
		"gamma_posterior_prob_after_less_than_before":    lowerThan,
		"min_counts_for_significance_equal_exposure":     smallestCounts,
		"npmle_backlog_and_births_2000_iterations":       npmle(stats.FitRates),
		"npmle_backlog_2000_iterations":                  npmle(stats.FitOldRates),
		"eprocess_poisson_truncgamma_a2_b1":              knownRate,
		"evalue_scale_invariant_unknown_baseline":        unknownRate,
		"nb_inversion_O0_E5_c0.1":                        recurrenceRatio,
		"nb_inversion_O3_E10_c0.05":                      recurrenceRatio,
		"nb_inversion_O40_E80_c0.04":                     recurrenceRatio,
		"good_turing_adjusted_10_6_1":                    newKind,
		"e_process_proof_exposure":                       proofExposure,
		"cluster_wilson_jackknife":                       clusterWilson,
	}
	all := readWorked(t)
	for name := range all {
		if examples[name] == nil {
			t.Errorf("no test reproduces the worked example %s", name)
		}
	}
	for name, check := range examples {
		t.Run(name, func(t *testing.T) {
			example, found := all[name]
			if !found {
				t.Fatal("not in testdata/worked.json")
			}
			check(t, example.Data, example.Expected)
		})
	}
}

// TestReference fails when the collection of worked examples holds one that is
// neither reproduced by TestWorkedExamples, nor elsewhere, nor of a method that
// is not built.
func TestReference(t *testing.T) {
	elsewhere := map[string]string{
		"_meta":                      "tells of the others",
		"merging_observed_rate":      "pkg/learning, TestRateOfMergedFailures",
		"duane_reliawiki":            "Duane's line through logs of cumulative times: Crow–AMSAA's likelihood is used, whose example is of the same data",
		"poisson_cusum_arl":          "no CUSUM is built: e-processes and Shiryaev–Roberts watch",
		"normal_cusum_arl_one_sided": "no CUSUM is built: e-processes and Shiryaev–Roberts watch",
	}
	raw, err := os.ReadFile(servertest.Shared(t, "reference", "statistics.json"))
	if err != nil {
		t.Fatal(err)
	}
	var reference worked
	if err := json.Unmarshal(raw, &reference); err != nil {
		t.Fatal(err)
	}
	own := readWorked(t)
	for name, example := range reference {
		mine, found := own[name]
		switch {
		case !found && elsewhere[name] == "":
			t.Errorf("%s is not reproduced", name)
		case found && !reflect.DeepEqual(into[any](t, mine.Expected), into[any](t, example.Expected)):
			t.Errorf("%s expects something else in testdata/worked.json", name)
		}
	}
}

func crowAMSAA(failureTruncated bool) func(*testing.T, json.RawMessage, json.RawMessage) {
	return func(t *testing.T, data, expected json.RawMessage) {
		times := into[[]float64](t, data)
		want := into[struct {
			T              float64
			BetaMLE        float64    `json:"beta_mle"`
			LambdaMLE      float64    `json:"lambda_mle"`
			BetaUnbiased   float64    `json:"beta_unbiased"`
			BetaCI         [2]float64 `json:"beta_ci95"`
			Intensity      float64    `json:"intensity_at_T"`
			Chi2           float64    `json:"milhdbk_chi2"`
			DF             int        `json:"milhdbk_df"`
			Improving      float64    `json:"milhdbk_p_improving"`
			Laplace        float64    `json:"laplace_z"`
			CramerVonMises float64    `json:"cvm"`
			PerDoubling    float64    `json:"intensity_multiplier_per_doubling_of_failures"`
		}](t, expected)
		fit := stats.CrowAMSAA(times, want.T, failureTruncated)
		near(t, "β", fit.Beta, want.BetaMLE)
		near(t, "λ", fit.Lambda, want.LambdaMLE)
		near(t, "β unbiased", fit.Unbiased(), want.BetaUnbiased)
		nearInterval(t, "β", fit.Interval(0.95), want.BetaCI)
		near(t, "intensity", fit.Intensity(), want.Intensity)
		chi2, df, improving := fit.MilHdbk()
		near(t, "MIL-HDBK χ²", chi2, want.Chi2)
		if df != want.DF {
			t.Errorf("degrees of freedom: got %d, want %d", df, want.DF)
		}
		near(t, "MIL-HDBK p", improving, want.Improving)
		near(t, "Laplace", stats.Laplace(times, want.T, failureTruncated), want.Laplace)
		near(t, "Cramér–von Mises", fit.CramerVonMises(times), want.CramerVonMises)
		near(t, "per doubling", stats.PerDoubling(fit.Beta), want.PerDoubling)
	}
}

func crowGrouped(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		Ends   []float64
		Counts []int
	}](t, data)
	want := into[struct {
		Beta, Lambda float64
		Intensity    float64 `json:"intensity_T"`
	}](t, expected)
	fit := stats.CrowGrouped(in.Ends, in.Counts)
	near(t, "β", fit.Beta, want.Beta)
	near(t, "λ", fit.Lambda, want.Lambda)
	near(t, "intensity", fit.Intensity(), want.Intensity)
}

func poissonExact(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		Counts [2]int64
		Time   [2]float64
	}](t, data)
	want := into[struct {
		Ratio   float64
		MinLik  float64    `json:"p_two_sided_minlik"`
		Central float64    `json:"p_two_sided_central"`
		MidP    float64    `json:"p_midp"`
		CI      [2]float64 `json:"ci95"`
		Less    float64    `json:"p_less"`
		Greater float64    `json:"p_greater"`
	}](t, expected)
	got := stats.ComparePoisson(in.Counts[0], in.Time[0], in.Counts[1], in.Time[1], 0.95)
	near(t, "ratio", got.Ratio, want.Ratio)
	near(t, "least likely", got.MinimumLikely, want.MinLik)
	near(t, "central", got.Central, want.Central)
	near(t, "mid-p", got.MidP, want.MidP)
	near(t, "less", got.Less, want.Less)
	near(t, "greater", got.Greater, want.Greater)
	nearInterval(t, "ratio", got.Interval, want.CI)
}

func garwood(t *testing.T, _, expected json.RawMessage) {
	for count, want := range into[map[int64][2]float64](t, expected) {
		nearInterval(t, "count", stats.Garwood(count, 0.95), want)
	}
}

func proportions(t *testing.T, _, expected json.RawMessage) {
	type intervals struct {
		Wilson, Jeffreys [2]float64
		ClopperPearson   [2]float64 `json:"clopper_pearson"`
	}
	for share, want := range into[map[string]intervals](t, expected) {
		k, n := fraction(t, share)
		nearInterval(t, share+" Wilson", stats.Wilson(k, n, 0.95), want.Wilson)
		nearInterval(t, share+" Jeffreys", stats.Jeffreys(k, n, 0.95), want.Jeffreys)
		nearInterval(t, share+" Clopper–Pearson", stats.ClopperPearson(k, n, 0.95), want.ClopperPearson)
	}
}

func kaplanMeier(t *testing.T, data, expected json.RawMessage) {
	in := into[struct {
		Time    []float64 `json:"time_6mp"`
		Event   []int     `json:"event_6mp"`
		Placebo []float64 `json:"time_placebo"`
	}](t, data)
	want := into[struct {
		Table map[string]struct {
			AtRisk int `json:"at_risk"`
			Events int
			S      float64
			SE     float64    `json:"greenwood_se"`
			CI     [2]float64 `json:"loglog_ci95"`
		}
		Median  float64
		LogRank float64 `json:"logrank_chi2"`
		P       float64 `json:"logrank_p"`
	}](t, expected)
	var treated, placebo []stats.Lifetime
	for i, time := range in.Time {
		treated = append(treated, stats.Lifetime{Time: time, Event: in.Event[i] == 1})
	}
	for _, time := range in.Placebo {
		placebo = append(placebo, stats.Lifetime{Time: time, Event: true})
	}
	curve := stats.KaplanMeier(treated)
	for _, step := range curve.Steps {
		row, found := want.Table[strconv.Itoa(int(step.Time))]
		if !found || row.AtRisk != step.AtRisk || row.Events != step.Events {
			t.Errorf("at %v: got %+v, want %+v", step.Time, step, row)
			continue
		}
		near(t, "survival", step.Survival, row.S)
		near(t, "Greenwood", step.GreenwoodSE(), row.SE)
		nearInterval(t, "log-log", curve.Interval(step.Time, 0.95), row.CI)
	}
	if len(curve.Steps) != len(want.Table) {
		t.Errorf("got %d steps, want %d", len(curve.Steps), len(want.Table))
	}
	near(t, "median", curve.Quantile(0.5), want.Median)
	// SAS PROC LIFETEST (log-log) gives 13 to missing for this group, 4 to 11 for the placebo.
	nearInterval(t, "median", curve.QuantileInterval(0.5, 0.95), [2]float64{13, math.Inf(1)})
	nearInterval(t, "placebo median", stats.KaplanMeier(placebo).QuantileInterval(0.5, 0.95), [2]float64{4, 11})
	chi2, p := stats.LogRank(treated, placebo)
	near(t, "log-rank", chi2, want.LogRank)
	near(t, "log-rank p", p, want.P)
}

func lognormalSize(t *testing.T, _, expected json.RawMessage) {
	for name, want := range into[map[string]float64](t, expected) {
		known := stats.LogNormal{SD: 1.25, Effective: want, Freedom: 1e8}
		near(t, name, known.Detectable(0.95, 0.8), number(t, name[len("reduction "):]))
	}
}

// The example's bounds are those of a two-sided 90 % interval: reliability's
// CI is one-sided on each side.
func mcf(t *testing.T, data, expected json.RawMessage) {
	in := into[struct{ Systems [][]float64 }](t, data)
	want := into[struct {
		State         []string
		Time          []float64
		MCF, Variance []any
		Lower         []any `json:"MCF_lower"`
		Upper         []any `json:"MCF_upper"`
	}](t, expected)
	var histories []stats.History
	for _, s := range in.Systems {
		histories = append(histories, stats.History{Events: s[:len(s)-1], End: s[len(s)-1]})
	}
	curve := stats.MCF(histories)
	next := 0
	for i, state := range want.State {
		if state != "F" {
			continue
		}
		step := curve.Steps[next]
		next++
		near(t, "time", step.Time, want.Time[i])
		near(t, "mean", step.Mean, want.MCF[i].(float64))
		near(t, "variance", step.Variance, want.Variance[i].(float64))
		nearInterval(t, "bounds", step.Interval(0.9), [2]float64{want.Lower[i].(float64), want.Upper[i].(float64)})
	}
	if next != len(curve.Steps) {
		t.Errorf("got %d steps, want %d", len(curve.Steps), next)
	}
}

func caseCrossover(t *testing.T, data, expected json.RawMessage) {
	in := into[struct{ X, M []float64 }](t, data)
	want := into[struct {
		OR    float64 `json:"or_mh"`
		Share float64 `json:"share_exposed"`
		AF    float64 `json:"attributable_share"`
	}](t, expected)
	var crossings []stats.Crossing
	for i, x := range in.X {
		crossings = append(crossings, stats.Crossing{Exposed: x == 1, Reference: in.M[i]})
	}
	got := stats.CaseCrossover(crossings)
	near(t, "odds ratio", got.OddsRatio, want.OR)
	near(t, "exposed", got.Exposed, want.Share)
	near(t, "share", got.Share, want.AF)
}

func clusterWilson(t *testing.T, data, expected json.RawMessage) {
	in := into[struct{ Failed, Changes []float64 }](t, data)
	want := into[struct {
		P         float64
		Deff      float64
		Effective float64 `json:"effective_services"`
		T         float64
		Low, High float64
	}](t, expected)
	var shares []stats.Share
	for i := range in.Failed {
		shares = append(shares, stats.Share{Events: int64(in.Failed[i]), Of: int64(in.Changes[i])})
	}
	got := stats.ClusterWilson(shares)
	near(t, "p", got.Value, want.P)
	near(t, "design effect", got.Design, want.Deff)
	near(t, "effective", got.Effective, want.Effective)
	near(t, "t", got.Quantile(0.95), want.T)
	nearInterval(t, "share", got.Interval(0.95), [2]float64{want.Low, want.High})
}
