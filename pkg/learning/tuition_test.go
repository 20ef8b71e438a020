package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/stats"
)

func computeWith(in learning.Input, settings learning.Settings) index {
	out := index{}
	for _, e := range learning.Compute(in, settings).Estimates {
		out[e.Metric+"|"+e.Scope.Kind+"|"+e.Scope.Name+"|"+e.Window] = e
	}
	return out
}

// paid is a cost told of a failure.
func paid(id, failure, currency string, low, likely, high float64) learning.Cost {
	return learning.Cost{
		ID: id, Failure: failure, FailureKind: "incident", RecordedAt: since + day,
		Money: learning.Money{Currency: currency, Low: low, Likely: likely, High: high},
	}
}

// costly has ten failures, one a day from day 10 on, six of them with a cost in
// euros and the seventh with one in dollars. The last is merged into the sixth.
func costly() learning.Input {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	for i := range 10 {
		in.Incidents = append(in.Incidents, incident(fmt.Sprint(i), "api", fmt.Sprint("mode-", i), int64(24*(10+10*i/2))))
	}
	merged := incident("merged", "api", "mode-5", 24*35+1)
	in.Incidents = append(in.Incidents, merged)
	in.Costs = []learning.Cost{
		paid("a", "0", "EUR", 100, 200, 400), paid("b", "1", "EUR", 1000, 2000, 5000), paid("c", "2", "EUR", 10, -1, 30),
		paid("d", "3", "EUR", 300, 400, 500), paid("e", "4", "EUR", 0, 50, 60), paid("f", "5", "EUR", 100, 150, 200),
		paid("g", "merged", "EUR", 40, 50, 60), paid("h", "6", "USD", 1000, 1000, 1000), paid("i", "nobody", "EUR", 7, 7, 7),
	}
	in.Recurrences = []learning.Recurrence{{IncidentID: "1", Class: "known_open"}, {IncidentID: "3", Class: "repeat", AlsoOpen: true}, {IncidentID: "5", Class: "repeat"}}
	return in
}

// What is not told is no amount below zero: of four more costs the first has no upper
// end, the second no lower one, the third nothing but a lower end and the last nothing.
func TestUnknownBoundsAreNotAdded(t *testing.T) {
	in := costly()
	in.Costs = append(in.Costs, paid("j", "6", "EUR", 10, 30, -1), paid("k", "7", "EUR", -1, 50, 70), paid("l", "8", "EUR", 100, -1, -1), paid("m", "9", "EUR", -1, -1, -1), paid("n", "9", "EUR", 100, 50, 10), paid("o", "9", "EUR", 30, -1, 20))
	settings := learning.DefaultSettings()
	settings.Currency = "EUR"
	got := computeWith(in, settings)
	e := got.organisation(t, "tuition.paid")
	near(t, "paid", e.Value, 2870+30+50+100)
	near(t, "at least", e.Low, 1550+10+50+100)
	near(t, "at most", e.High, 6250+30+70+100)
	for _, want := range []string{"10 costs", "Of 3 amounts an end of the range is not told: what is told stands for it.", "Not added: 1 amount that nobody told, or told without a currency.", "Not added: 2 amounts whose low, likely and high are not in this order."} {
		if !strings.Contains(e.Reading, want) {
			t.Errorf("%q is not in %s", want, e.Reading)
		}
	}
	near(t, "costed", got.organisation(t, "tuition.costed_share").Value, 0.9)
}

// Likely: 200+2000+20+400+50+150+50 = 2,870, of the third the middle of 10 to 30.
func TestPaid(t *testing.T) {
	settings := learning.DefaultSettings()
	settings.Currency = "EUR"
	got := computeWith(costly(), settings)
	e := got.organisation(t, "tuition.paid")
	near(t, "paid", e.Value, 2870)
	near(t, "at least", e.Low, 100+1000+10+300+0+100+40)
	near(t, "at most", e.High, 400+5000+30+500+60+200+60)
	const want = "7 costs of 6 failures: EUR 2900, 1600 to 6300 as stated. Of 1 amount no likely amount is told: the middle of the range is taken. Not among them, for want of an exchange rate (setting analysis.exchange_rates): 1 in USD."
	if e.Reading != want || e.Origin != "stated" {
		t.Errorf("got  %s\nwant %s", e.Reading, want)
	}
	share := got.organisation(t, "tuition.costed_share")
	near(t, "costed", share.Value, 0.7)
	near(t, "of no failure", got.organisation(t, "counted.costs_apart").Value, 1)
	// Two failures came while an improvement was open: too few costs.
	if e := got.organisation(t, "tuition.delay"); e.State != learning.Insufficient || e.N != 2 {
		t.Errorf("got %+v", e)
	}
	// A dollar is worth 90 cents.
	settings.ExchangeRates = map[string]float64{"USD": 0.9}
	near(t, "converted", computeWith(costly(), settings).organisation(t, "tuition.paid").Value, 2870+900)
	// Two currencies, none chosen.
	settings = learning.DefaultSettings()
	if e := computeWith(costly(), settings).organisation(t, "tuition.paid"); e.State != learning.Insufficient ||
		!strings.Contains(e.Reading, "EUR, USD") || !strings.Contains(e.Reading, "analysis.currency") {
		t.Errorf("got %+v", e)
	}
	// One currency told is the one.
	in := costly()
	in.Costs[7].Currency = "EUR"
	near(t, "one currency", computeWith(in, settings).organisation(t, "tuition.paid").Value, 3870)
	// Without a cost there is nothing to sum, and four are too few.
	in.Costs = in.Costs[:4]
	if e := computeWith(in, settings).organisation(t, "tuition.paid"); e.State != learning.Insufficient || e.Reading != "Not enough data: n = 4 costs, needs 5. No figure is shown." {
		t.Errorf("got %+v", e)
	}
	in.Costs = nil
	if e := computeWith(in, settings).organisation(t, "tuition.paid"); e.State != learning.Insufficient {
		t.Errorf("got %+v", e)
	}
	near(t, "none costed", computeWith(in, settings).organisation(t, "tuition.costed_share").Value, 0)
}

// A cost of a drill, of a change that did not fail, or of an experiment that
// held is no tuition; one of a failed change, of a refuted experiment or of a
// near miss is.
func TestWhatCostsAreOf(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	drill := incident("drill", "api", "", 300)
	drill.IsDrill = true
	in.Incidents = []learning.Incident{drill, incident("real", "api", "", 400)}
	in.FailedChange = []learning.FailedChange{
		{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: "api", Team: "payments"}, Why: "outcome"}, ID: "bad", FinishedAt: since + 20*day},
		{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: "api", Team: "payments"}, Why: "rolled_back", Blamed: true}, ID: "cause", FinishedAt: since + 16*day},
	}
	in.Experiments = []learning.Experiment{
		{ID: "held", Service: "api", Team: "payments", Verdict: "held", StartedAt: since + 30*day},
		{ID: "refuted", Service: "api", Team: "payments", Verdict: "refuted", Containment: "contained", StartedAt: since + 40*day},
	}
	in.NearMisses = []learning.NearMiss{{ID: "near", Service: "api", Team: "payments", At: since + 50*day}}
	in.Improvements = []learning.Improvement{{ID: "better", Service: "api", Team: "payments", OpenedAt: since + 60*day}}
	for i, failure := range []string{"drill", "good", "held", "bad", "cause", "refuted", "near", "real", "better"} {
		in.Costs = append(in.Costs, paid(failure, failure, "EUR", 0, math.Exp2(float64(i)), 1000))
	}
	got := compute(in)
	e := got.organisation(t, "tuition.paid")
	near(t, "paid", e.Value, 8+16+32+64+128)
	near(t, "of no failure", got.organisation(t, "counted.costs_apart").Value, 3)
	if e.N != 5 {
		t.Errorf("of %d costs", e.N)
	}
}

func TestTypicalCost(t *testing.T) {
	settings := learning.DefaultSettings()
	settings.Currency, settings.ExchangeRates = "EUR", map[string]float64{"USD": 0.9}
	refused := computeWith(costly(), settings).organisation(t, "tuition.typical_cost")
	if refused.State != learning.Insufficient || !strings.Contains(refused.Reading, "analysis.cost_cap") {
		t.Errorf("without a cap: %+v", refused)
	}
	settings.CostCap = 10_000
	e := computeWith(costly(), settings).organisation(t, "tuition.typical_cost")
	fit := stats.FitLogCosts([]float64{200, 2000, 20, 400, 50, 200, 900})
	near(t, "typical", e.Value, fit.Limited(10_000))
	near(t, "low", e.Low, fit.LimitedDraws(10_000).Quantile(0.025))
	if e.Origin != "modelled" || e.N != 7 || !strings.HasPrefix(e.Reading, "Modelled from 7 costed failures: the next would cost EUR ") {
		t.Errorf("got %+v", e)
	}
	// Failures that cost nothing are costed, but five of them tell no typical cost.
	in := costly()
	for i := range in.Costs {
		in.Costs[i].Low, in.Costs[i].Likely, in.Costs[i].High = 0, 0, 0
	}
	if e := computeWith(in, settings).organisation(t, "tuition.typical_cost"); e.State != learning.Insufficient {
		t.Errorf("all for nothing: %+v", e)
	}
}

// Modes that all fail every 60 days until their third failure leads to a fix
// that halves their rate: with a cost of about 1,000 each, what is avoided in a
// year is about modes·365/60·½·1,000, and its parts follow its settings.
func TestAvoided(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	w := world{modes: 80, years: 4, rate: func(*rand.Rand) float64 { return 1.0 / 60 }, fix: whenRecurring, removed: 0.5}
	in := w.input(r)
	for i := range 40 {
		c := 1000 * math.Exp(0.2*r.NormFloat64())
		in.Costs = append(in.Costs, paid(fmt.Sprint(i), in.Incidents[i].ID, "EUR", c/2, c, 2*c))
	}
	settings := inEuros()
	settings.CostCap = 20_000
	got := computeWith(in, settings)
	e := got.organisation(t, "tuition.avoided")
	learned := got.organisation(t, "learning_per_failure")
	cost := got.organisation(t, "tuition.typical_cost")
	want := float64(e.N) * 365 / 60 * learned.Value * cost.Value
	if e.State != learning.OK || math.Abs(e.Value/want-1) > 0.1 || !(e.Low < want && want < e.High) {
		t.Errorf("avoided %v, %v to %v; should be about %v", e.Value, e.Low, e.High, want)
	}
	p10, p90 := got.organisation(t, "tuition.avoided.p10"), got.organisation(t, "tuition.avoided.p90")
	if !(e.Low < p10.Value && p10.Value < e.Low50 && e.High50 < p90.Value && p90.Value < e.High) {
		t.Errorf("out of order: %v %v %v %v %v", e.Low, p10.Value, e.Value, p90.Value, e.High)
	}
	if e.Origin != "modelled" || !strings.HasPrefix(e.Reading, "Modelled: ") {
		t.Errorf("not labelled: %+v", e)
	}
	spent := got.organisation(t, "tuition.avoided.exceeds_spent")
	if spent.State != learning.Insufficient || !strings.Contains(spent.Reading, "no cost of an improvement is told") {
		t.Errorf("nothing is told of what was spent: %+v", spent)
	}
	// Twice the horizon, twice as much; and what is spent is its median.
	settings.Horizon *= 2
	in.Costs = append(in.Costs, paid("spent", in.Improvements[0].ID, "EUR", p10.Value, 2*e.Value, 2*p90.Value))
	got = computeWith(in, settings)
	near(t, "twice the horizon", got.organisation(t, "tuition.avoided").Value, 2*e.Value)
	spent = got.organisation(t, "tuition.avoided.exceeds_spent")
	if spent.State != learning.OK || math.Abs(spent.Value-0.5) > 0.01 || math.Abs(spent.Low-0.1) > 0.01 || !(spent.High > 0.95) {
		t.Errorf("got %+v", spent)
	}
	// What is open costs more every week: ten modes at once every 60 days.
	for i := range in.Improvements {
		if i < 10 {
			in.Improvements[i].ClosedAt, in.Improvements[i].WitnessedClosedAt = 0, 0
		}
	}
	week := computeWith(in, settings).organisation(t, "tuition.delay.per_week")
	if about := 10 * 7.0 / 60 * cost.Value; week.N != 10 || math.Abs(week.Value/about-1) > 0.25 {
		t.Errorf("a week of delay is %v, should be about %v: %+v", week.Value, about, week)
	}
}
