package explain

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// scale is where a metric says that nothing changed, and on which scale its
// interval is about symmetric.
type scale struct {
	none  float64
	words string // of none
	on    func(float64) float64
	slope bool // over time: the width shrinks with the length of the record too
}

func identity(x float64) float64 { return x }

// scaleOf is a metric's scale; none if the metric has no value that means "no
// change": levels such as shares, rates and durations, and counts.
func scaleOf(m learning.Metric) (scale, bool) {
	switch {
	case m.Better == "":
		return scale{}, false
	case m.Unit == "change_per_quarter":
		return scale{0, "0", math.Log1p, true}, true
	case m.Name == "severity_trend":
		return scale{1, "1", math.Log, true}, true
	case m.Name == "severity_trend.tau_b":
		return scale{0, "0", math.Atanh, false}, true
	case m.Unit == "ratio" && (strings.HasSuffix(m.Name, ".since_start") || strings.HasSuffix(m.Name, ".per_doubling")):
		return scale{1, "1", math.Log, false}, true
	case m.Name == "learning_per_failure" || m.Name == "learning_per_failure.declared":
		return scale{0, "0", func(x float64) float64 { return math.Log(1 - x) }, false}, true
	case m.Name == "change_safety.excess":
		return scale{0, "0", identity, false}, true
	}
	return scale{}, false
}

// outlook says what would have to happen for the estimate, or the verdict on it,
// to become another.
func outlook(m learning.Metric, e learning.Estimate, p pace, asOf int64, settings learning.Settings) []string {
	switch {
	case e.State == learning.AssumptionFailed:
		return []string{
			"An assumption does not hold; the reading says which. More data of the same kind gives no figure: what the assumption is about has to change, or be told. It is tried again at every computation.",
		}
	case e.State == learning.Insufficient:
		return missing(m, e, p)
	case m.Unit == "count":
		return []string{"Every one is counted, so there is no interval that could move: the number changes with the next case, or with a correction of an old one. No verdict is given on it."}
	}
	if m.Better == "" {
		return append([]string{"No verdict is ever given on it: neither high nor low is good in itself."}, halved(e, p)...)
	}
	s, ok := scaleOf(m)
	if !ok {
		return append([]string{"This is a level, and no level means \"no change\": a verdict needs a change that is told apart from none. Compare it with its own past."}, halved(e, p)...)
	}
	return append(moved(m, e, s, p), closes(e, asOf, settings))
}

// missing says what an insufficient estimate lacks, and how long that takes.
func missing(m learning.Metric, e learning.Estimate, p pace) []string {
	out := []string{"It needs: " + m.Minimum + "."}
	if e.Lacks > 0 {
		return append(out, fmt.Sprintf("It lacks %d more. %s", e.Lacks, p.wait(e.Lacks)))
	}
	if e.N == 0 {
		return append(out, "Nothing has come yet that it could count, so how long that takes is not known.")
	}
	return append(out, "What it lacks is no plain number of further cases: the reading says what. A figure is shown as soon as its interval would tell something.")
}

// halved says what it takes to know a level twice as well.
func halved(e learning.Estimate, p pace) []string {
	if e.Low == e.High || e.N == 0 {
		return nil
	}
	return []string{halving(e, p)}
}

func halving(e learning.Estimate, p pace) string {
	return fmt.Sprintf("An interval of half the width needs about four times as many: n = %d instead of %d. %s",
		4*e.N, e.N, p.wait(3*e.N))
}

// moved says which bound would have to move, and how much more data that takes
// if the figure stays what it is.
func moved(m learning.Metric, e learning.Estimate, s scale, p pace) []string {
	show := func(x float64) string { return inUnit(x, m.Unit) }
	if e.Low > s.none || e.High < s.none {
		bound, which := e.Low, "lower"
		if e.High < s.none {
			bound, which = e.High, "upper"
		}
		side := "worse"
		if (e.Value > s.none) == (m.Better == "higher") {
			side = "better"
		}
		return []string{fmt.Sprintf("All values that are compatible with the data lie on the side of %s. For that to end, the %s bound, %s, would have to move past %s.",
			side, which, show(bound), s.words)}
	}
	better, worse := "upper", "lower"
	toBetter, toWorse := e.High, e.Low
	if m.Better == "higher" {
		better, worse, toBetter, toWorse = worse, better, toWorse, toBetter
	}
	out := []string{fmt.Sprintf("The interval holds %s, no change. For \"better\" its %s bound, %s, would have to move past %s; for \"worse\" its %s bound, %s.",
		s.words, better, show(toBetter), s.words, worse, show(toWorse))}
	far := e.High // the bound on the other side of no change
	if e.Value > s.none {
		far = e.Low
	}
	distance := math.Abs(s.on(e.Value) - s.on(s.none))
	half := math.Abs(s.on(far) - s.on(e.Value))
	narrower := half / distance
	const most = 10
	growth := narrower * narrower
	if s.slope {
		growth = math.Pow(narrower, 2.0/3)
	}
	switch {
	case !(growth <= most): // also NaN and infinite
		return append(out, "The figure lies so near to no change that more data at the same figure will not tell them apart in any useful time.")
	case growth <= 1:
		return out
	}
	n := int64(math.Ceil(float64(e.N) * (growth - 1)))
	how := "intervals narrow with the square root of the number"
	if s.slope {
		how = "a trend's interval narrows with the number and with the length of the record"
	}
	return append(out, fmt.Sprintf("If the figure stays at %s, that takes about %d more of what is counted, %d in all (%s). %s This is no forecast: the figure will move.",
		show(e.Value), n, e.N+n, how, p.wait(n)))
}

// closes says when verdicts are given: once a quarter's close has settled.
func closes(e learning.Estimate, asOf int64, settings learning.Settings) string {
	if e.Verdict == "" && !settings.Judges(e.Metric, e.Scope) {
		return "No verdict is given on it: verdicts are given at a quarter's close on the metrics and scopes that were fixed beforehand (settings analysis.verdicts.metrics and analysis.verdicts.scopes), and this is none of them."
	}
	unsettled := utc(asOf - settings.Settling.Milliseconds())
	next := time.Date(unsettled.Year(), (unsettled.Month()-1)/3*3+4, 1, 0, 0, 0, 0, time.UTC).Add(settings.Settling)
	if e.Verdict != "" {
		return fmt.Sprintf("The verdict, %s, was given at a quarter's close and stands until the next on %s.", e.Verdict, next.Format("2 January 2006"))
	}
	return fmt.Sprintf("A verdict is given only when a quarter's close has settled, for the scopes fixed beforehand and with the error of all questions of that close held together (Benjamini–Hochberg); the next is on %s.", next.Format("2 January 2006"))
}

func utc(millis int64) time.Time { return time.UnixMilli(millis).UTC() }
