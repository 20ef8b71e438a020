package review

import (
	"strings"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// A measure is one that the page speaks of at length. All others stand in the
// table of all measures.
type measure struct {
	metric string
	title  string
	charts bool // drawn by quarter
}

// A family is a group of measures that answer one question. What it cannot say
// stands beside it wherever it is shown.
type family struct {
	prefix    string
	title     string
	cannotSay string
	headline  bool // its first measure belongs to the one-page answer
	measures  []measure
}

// families in the order of the page.
var families = []family{
	{"learning_per_failure", "Learning", "Why a failure stayed away. Where failures are no longer reported, it looks the same.", true, []measure{
		{"learning_per_failure", "Recurrences to be expected that did not come", true},
		{"learning_per_failure.placebo", "The same where nothing had been done", false},
	}},
	{"repeat_rate", "Repeats", "Whether what did not come back was learned from, or only has not had the time to return. The share of repeats grows with the record, as more modes are fixed: compare late quarters only.", true, []measure{
		{"repeat_rate.repeats", "Came back after its declared fix", true},
		{"repeat_rate.known_open", "Came back, its fix declared, not known to be closed", false},
		{"repeat_rate.unaddressed", "Came back with nothing done about it", false},
		{"repeat_rate.after_fix.90d", "Back within 90 days of the fix", false},
		{"repeat_rate.after_end.90d", "Back within 90 days of the first failure", false},
	}},
	{"learning_derivative", "Direction", "Why the rate moved. Fewer reports look the same as fewer failures.", true, []measure{
		{"learning_derivative.uncontained", "Trend of uncontained incidents", true},
		{"learning_derivative.uncontained.per_deploy", "Trend of uncontained incidents, by deploys", false},
		{"learning_derivative.severe", "Trend of uncontained incidents of severity 1 and 2", false},
	}},
	{"monitoring_gaps", "Monitoring", "What nobody noticed at all, neither a monitor nor a customer.", true, []measure{
		{"monitoring_gaps.told_by_customer", "Failures that customers told us of", true},
		{"monitoring_gaps.told_by_customer.share", "Share of failures customers told us of", false},
		{"monitoring_gaps.time_to_close", "Time to close a monitoring gap", false},
	}},
	{"change_safety.excess", "Changes before failures", "Which change stands behind which incident: it speaks of all of them together.", false, []measure{
		{"change_safety.excess", "Failures after a change, beyond chance", false},
	}},
	{"change_safety", "Changes", "Whether the changes were riskier, or only more closely watched.", true, []measure{
		{"change_safety.failed_share", "Changes that failed", true},
	}},
	{"containment", "Reach", "How much harm was done: a count of failures says nothing of their size.", false, []measure{
		{"containment.severe", "Incidents of severity 1 and 2 that met users with no net", false},
	}},
	{"new_modes", "New kinds of failure", "Whether a failure is new, or only called by a new name.", false, []measure{
		{"new_modes.rate", "Failures of a mode not met before", false},
	}},
	{"known_open", "Known and open", "Whether the open improvement would have prevented them.", false, []measure{
		{"known_open.rate", "Failures while an improvement for their mode was open", false},
	}},
	{"tuition", "Tuition", "What failures cost whose cost nobody told. What was avoided is modelled, not seen.", false, []measure{
		{"tuition.paid", "Tuition paid, as stated", false},
		{"tuition.costed_share", "Failures whose cost is told", false},
		{"tuition.avoided", "Tuition avoided, modelled", false},
	}},
	{"watch", "Regression watch", "Whether a low figure means that all is well: at a low rate even a doubling is seldom caught. The power stands beside it.", false, []measure{
		{"watch.uncontained", "Evidence that uncontained incidents come more often", false},
		{"watch.told_by_customer", "Evidence that customers tell us of more failures", false},
		{"watch.repeats", "Evidence that more failures come back after their fix", false},
		{"watch.uncontained.power_doubling", "Chance that a doubling of uncontained incidents is caught", false},
	}},
	{"durations", "Durations", "Whether shorter is better: the mix of incidents differs from quarter to quarter.", false, []measure{
		{"durations.detect.median", "Time to detect, median", true},
		{"durations.stated_detect.median", "Time to detect as stated, median", false},
		{"durations.mitigate.median", "Time to mitigate, median", false},
		{"durations.resolve.median", "Time to resolve, median", true},
		{"durations.stated_resolve.median", "Time to resolve as stated, median", false},
		{"durations.rollback.median", "Failed change to rollback, median", false},
	}},
}

func familyOf(metric string) (family, bool) {
	for _, f := range families {
		if metric == f.prefix || strings.HasPrefix(metric, f.prefix+".") {
			return f, true
		}
	}
	return family{}, false
}

func familyNamed(prefix string) family {
	f, _ := familyOf(prefix)
	return f
}

// CannotSay is the limit of a measure, in one sentence; empty for plain counts
// of what was left out.
func CannotSay(metric string) string {
	f, _ := familyOf(metric)
	return f.cannotSay
}

// Title is a measure's short name for people.
func Title(metric string) string {
	f, _ := familyOf(metric)
	for _, m := range f.measures {
		if m.metric == metric {
			return m.title
		}
	}
	return words(metric)
}

// words makes a metric's name readable: "repeat_rate.after_fix.30d" becomes
// "Repeat rate: after fix, 30 days".
func words(metric string) string {
	head, rest, _ := strings.Cut(metric, ".")
	var parts []string
	for _, p := range strings.Split(rest, ".") {
		if d, ok := strings.CutSuffix(p, "d"); ok && d != "" && strings.Trim(d, "0123456789") == "" {
			p = d + " days"
		}
		if p != "" {
			parts = append(parts, spaced(p))
		}
	}
	head = upperFirst(spaced(head))
	if len(parts) == 0 {
		return head
	}
	return head + ": " + strings.Join(parts, ", ")
}

func spaced(s string) string { return strings.ReplaceAll(s, "_", " ") }

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

const (
	organisation = "organisation"
	wholeRecord  = "all"
)

// HeadlineMetrics names the measures that the one-page answer is taken from,
// so that a dashboard can show the same sentences.
func HeadlineMetrics() []string {
	var out []string
	for _, f := range families {
		if f.headline {
			out = append(out, f.measures[0].metric)
		}
	}
	return out
}

// estimates are those of one scope, by metric and window.
type estimates struct {
	all []learning.Estimate
	by  map[[2]string]learning.Estimate
}

func arrange(all []learning.Estimate) estimates {
	es := arrangeOf(explain.EstimatesOf(all, learning.Scope{Kind: organisation}))
	es.all = all
	return es
}

// arrangeOf arranges those of one scope.
func arrangeOf(own []learning.Estimate) estimates {
	es := estimates{all: own, by: map[[2]string]learning.Estimate{}}
	for _, e := range own {
		e.Reading = unbroken(e.Reading)
		es.by[[2]string{e.Metric, e.Window}] = e
	}
	return es
}

// unbroken keeps a number and its sign of percent on one line.
func unbroken(s string) string { return strings.ReplaceAll(s, " %", "\u00a0%") }

func (es estimates) of(metric, window string) (learning.Estimate, bool) {
	e, ok := es.by[[2]string{metric, window}]
	return e, ok
}

// link leads to the explanation of a quarter's estimate, where there is one, else to
// that of the whole record.
func (es estimates) link(metric string, scope learning.Scope, quarter string) string {
	if _, ok := es.of(metric, quarter); !ok {
		quarter = wholeRecord
	}
	return ExplainLink(metric, scope, quarter)
}

// pick takes the quarter's own estimate before that of the whole record, if it
// may be read.
func (es estimates) pick(metric, quarter string) (learning.Estimate, bool) {
	own, ok := es.of(metric, quarter)
	if ok && own.State == learning.OK {
		return own, true
	}
	if e, found := es.of(metric, wholeRecord); found && (!ok || e.State == learning.OK) {
		return e, true
	}
	return own, ok
}

// quarters lists a metric's estimates by quarter, oldest first.
func (es estimates) quarters(metric string) []learning.Estimate {
	var out []learning.Estimate
	for _, e := range es.all {
		if e.Metric != metric || e.Scope.Kind != organisation {
			continue
		}
		if _, err := ParseQuarter(e.Window); err == nil {
			out = append(out, e)
		}
	}
	sortByWindow(out)
	return out
}
