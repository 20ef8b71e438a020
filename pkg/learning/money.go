package learning

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// sum adds stated amounts of money in one currency, in a fixed order. Those in
// a currency without a rate are counted apart.
type sum struct {
	low, likely, high float64
	n, guessed        int // guessed: no likely amount is told
	oneSided          int // an end of the range is not told
	untold            int // no amount at all is, or no currency
	contrary          int // low, likely and high are not in this order
	foreign           map[string]int
}

// costs are what is told of money.
type costs struct {
	currency string   // of the sums; "" if none can be chosen
	told     []string // the currencies in which something is told, sorted
	rates    map[string]float64
	paid     byScope[*costed]
	spent    byScope[*Cost] // on improvements
	unplaced []*Cost        // of no failure that counts
}

// costed is a failure with what it is told to have cost.
type costed struct {
	*mishap
	sum  sum
	told []*Cost
}

func newCosts(in *Input, o *organisation, settings Settings, all *mishaps) *costs {
	out := &costs{currency: settings.Currency, rates: settings.ExchangeRates, paid: byScope[*costed]{}, spent: byScope[*Cost]{}}
	told := map[string]bool{}
	failures := map[string]*costed{}
	for i := range in.Costs {
		told[in.Costs[i].Currency] = true
		failures[in.Costs[i].Failure] = nil
	}
	for i := range in.Experiments {
		told[in.Experiments[i].LossAvoided.Currency] = true
	}
	delete(told, "")
	out.told = slices.Sorted(maps.Keys(told))
	if out.currency == "" && len(out.told) == 1 {
		out.currency = out.told[0]
	}
	if len(in.Costs) == 0 {
		return out
	}
	var order []*costed
	join := func(m *mishap, ids ...string) {
		var unit *costed
		for _, id := range ids {
			if _, wanted := failures[id]; !wanted {
				continue
			}
			if unit == nil {
				own := *m
				unit = &costed{mishap: &own}
				order = append(order, unit)
			}
			failures[id] = unit
		}
	}
	for _, s := range o.services {
		all.of(s, false, func(m *mishap) { join(m, append([]string{m.id}, m.merged...)...) })
	}
	for _, s := range o.services {
		for _, f := range s.failed {
			if f.blamed() {
				join(&mishap{place: place{s.name, s.team, f.Environment, ""}, kind: "change", id: f.ID, at: f.FinishedAt}, f.ID)
			}
		}
	}
	improvements := map[string]*Improvement{}
	for i := range in.Improvements {
		improvements[in.Improvements[i].ID] = &in.Improvements[i]
	}
	for _, c := range inTime(in.Costs, func(c *Cost) (int64, string) { return c.RecordedAt, c.ID }) {
		improvement := improvements[c.Failure]
		switch unit := failures[c.Failure]; {
		case unit != nil:
			unit.told = append(unit.told, c)
			out.take(&unit.sum, c.Money)
		case improvement != nil:
			out.spent.add(placeOf(improvement.Service, improvement.Team, "", improvement.FailureMode), c)
		default:
			out.unplaced = append(out.unplaced, c)
		}
	}
	slices.SortFunc(order, func(a, b *costed) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	for _, unit := range order {
		out.paid.add(unit.place, unit)
	}
	return out
}

// take adds an amount, and says whether it could: something is told of it, in a
// currency that can be added. An end of the range that is not told is the likely amount.
func (c *costs) take(s *sum, m Money) bool {
	if m.Currency == "" || max(m.Low, m.Likely, m.High) < 0 {
		s.untold++
		return false
	}
	if m.contrary() {
		s.contrary++
		return false
	}
	rate := c.rates[m.Currency]
	if m.Currency == c.currency {
		rate = 1
	}
	if rate == 0 {
		if s.foreign == nil {
			s.foreign = map[string]int{}
		}
		s.foreign[m.Currency]++
		return false
	}
	low, likely, high := m.Low, m.Likely, m.High
	switch {
	case likely >= 0:
	case low >= 0 && high >= 0:
		likely = (low + high) / 2
		s.guessed++
	default:
		likely = math.Max(low, high)
	}
	if low < 0 || high < 0 {
		s.oneSided++
	}
	if low < 0 {
		low = likely
	}
	s.n++
	s.low += math.Min(low, likely) * rate
	s.likely += likely * rate
	s.high += math.Max(high, likely) * rate
	return true
}

// contrary says that what is told of the range contradicts itself.
func (m Money) contrary() bool {
	last := 0.0
	for _, amount := range []float64{m.Low, m.Likely, m.High} {
		if amount < 0 { // not told
			continue
		}
		if amount < last {
			return true
		}
		last = amount
	}
	return false
}

func (s *sum) add(other sum) {
	s.low += other.low
	s.likely += other.likely
	s.high += other.high
	s.n += other.n
	s.guessed += other.guessed
	s.oneSided += other.oneSided
	s.untold += other.untold
	s.contrary += other.contrary
	for currency, n := range other.foreign {
		if s.foreign == nil {
			s.foreign = map[string]int{}
		}
		s.foreign[currency] += n
	}
}

// estimate is a sum with its stated range, which is no interval of confidence.
func (s *sum) estimate(metric string, of int64) Estimate {
	e := Estimate{
		Metric: metric, Value: s.likely, N: of, Events: int64(s.n), Exposure: float64(of), Origin: "stated",
		Method: "sum of the likely amounts, from the sum of the lower to that of the upper ends as stated; no interval of confidence",
	}
	e.bounds(stats.Interval{Low: s.low, High: s.high}, stats.Interval{Low: s.likely, High: s.likely})
	return e
}

func (s *sum) words(currency string) string {
	return fmt.Sprintf("%s %s, %s to %s as stated", currency, amount(s.likely), amount(s.low), amount(s.high))
}

// apart says what the sum leaves out or guesses.
func (s *sum) apart() string {
	var out strings.Builder
	if s.guessed > 0 {
		fmt.Fprintf(&out, " Of %s no likely amount is told: the middle of the range is taken.", plural(s.guessed, "amount", "amounts"))
	}
	if s.oneSided > 0 {
		fmt.Fprintf(&out, " Of %s an end of the range is not told: what is told stands for it.", plural(s.oneSided, "amount", "amounts"))
	}
	return out.String() + s.unconverted()
}

// unconverted says what cannot be added: of what no amount is told, what contradicts
// itself, and what is in a currency without a rate.
func (s *sum) unconverted() string {
	left := ""
	if s.contrary > 0 {
		left = fmt.Sprintf(" Not added: %s whose low, likely and high are not in this order.", plural(s.contrary, "amount", "amounts"))
	}
	if s.untold > 0 {
		left += fmt.Sprintf(" Not added: %s that nobody told, or told without a currency.", plural(s.untold, "amount", "amounts"))
	}
	if len(s.foreign) == 0 {
		return left
	}
	var parts []string
	for _, currency := range slices.Sorted(maps.Keys(s.foreign)) {
		parts = append(parts, sentence("%d in %s", s.foreign[currency], currency))
	}
	return left + fmt.Sprintf(" Not among them, for want of an exchange rate (setting analysis.exchange_rates): %s.", strings.Join(parts, ", "))
}

// noCurrency is why there are no sums.
func (c *costs) noCurrency() string {
	return fmt.Sprintf("Not reported: amounts are told in %s, and no currency is chosen (setting analysis.currency). No figure is shown.",
		strings.Join(c.told, ", "))
}

// amount prints money with two significant figures.
func amount(x float64) string {
	if math.Abs(x) < 100 {
		return number(x)
	}
	scale := math.Pow(10, math.Floor(math.Log10(math.Abs(x)))-1)
	return strings.Replace(whole(math.Round(x/scale)*scale), "-", "−", 1)
}
