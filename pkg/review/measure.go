package review

import (
	"sort"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// A family is a group of measures that answer one question.
type family struct {
	prefix    string
	title     string
	cannotSay string
}

// families in the order of the page. What a measure cannot say stands beside
// it wherever it is shown.
var families = []family{
	{"repeat_rate", "Repeats", "Whether what did not come back was learned from, or only has not had the time to return."},
	{"learning_derivative", "Direction", "Why the rate moved. Fewer reports look the same as fewer failures."},
	{"monitoring_gaps", "Monitoring", "What nobody noticed at all, neither a monitor nor a customer."},
	{"change_safety.excess", "Changes", "Which change stands behind which incident: it speaks of all of them together."},
	{"change_safety", "Changes", "Whether the changes were riskier, or only more closely watched."},
	{"durations", "Durations", "Whether shorter is better: the mix of incidents differs from quarter to quarter."},
}

// partWords spell out the parts of a metric's name. Parts that are not here
// are shown as they are written.
var partWords = map[string]string{
	"repeat_rate":         "repeat",
	"learning_derivative": "change of the failure rate per quarter",
	"monitoring_gaps":     "monitoring gaps",
	"change_safety":       "changes",
	"durations":           "time to",
}

func familyOf(metric string) family {
	for _, f := range families {
		if metric == f.prefix || strings.HasPrefix(metric, f.prefix+".") || strings.HasPrefix(metric, f.prefix+"_") {
			return f
		}
	}
	return family{prefix: metric, title: words(metric)}
}

// words makes a metric's name readable: "repeat_rate.after_fix.90d" becomes
// "repeat: after fix, 90 days".
func words(metric string) string {
	head, rest, _ := strings.Cut(metric, ".")
	if w, ok := partWords[head]; ok {
		head = w
	}
	var parts []string
	for _, p := range strings.Split(rest, ".") {
		if p == "" {
			continue
		}
		if d, ok := strings.CutSuffix(p, "d"); ok && strings.Trim(d, "0123456789") == "" {
			p = d + " days"
		}
		parts = append(parts, strings.ReplaceAll(p, "_", " "))
	}
	head = strings.ReplaceAll(head, "_", " ")
	if len(parts) == 0 {
		return upperFirst(head)
	}
	return upperFirst(head + ": " + strings.Join(parts, ", "))
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

const organisation = "organisation"

// estimates is the snapshot, arranged for looking up.
type estimates []learning.Estimate

// of picks the organisation's estimate of a metric in a window.
func (e estimates) of(metric, window string) (learning.Estimate, bool) {
	for _, x := range e {
		if x.Metric == metric && x.Window == window && x.Scope.Kind == organisation {
			return x, true
		}
	}
	return learning.Estimate{}, false
}

// metrics lists the organisation's metrics of one family, sorted.
func (e estimates) metrics(prefix string) []string {
	seen := map[string]bool{}
	var out []string
	for _, x := range e {
		if x.Scope.Kind == organisation && familyOf(x.Metric).prefix == prefix && !seen[x.Metric] {
			seen[x.Metric] = true
			out = append(out, x.Metric)
		}
	}
	sort.Strings(out)
	return out
}

// quarters lists the organisation's estimates of a metric by quarter, oldest first.
func (e estimates) quarters(metric string) []learning.Estimate {
	var out []learning.Estimate
	for _, x := range e {
		if x.Metric != metric || x.Scope.Kind != organisation {
			continue
		}
		if _, err := ParseQuarter(x.Window); err == nil {
			out = append(out, x)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Window < out[j].Window })
	return out
}
