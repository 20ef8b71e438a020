package app

import (
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// One metric of one window that its kind of scope is not given: why is said, and
// not an empty table. Where several are asked for, what there is stands in it.
func TestMetricsSayWhatIsNotGiven(t *testing.T) {
	estimates := []learning.Estimate{
		{Metric: "counted.failures", Scope: learning.Scope{Kind: "organisation"}, Window: "2026-Q2"},
		{Metric: "counted.failures", Scope: learning.Scope{Kind: "service", Name: "checkout"}, Window: "all"},
	}
	for _, c := range []struct{ metric, scope, window, want string }{
		{"durations.resolve.median", "service:checkout", "2026-Q2", "durations.resolve.median is given for the whole record, not for a single quarter of a service"},
		{"severity_trend", "organisation", "2026-Q2", "severity_trend is given for the whole record only"},
		{"durations.resolve.median", "service:checkout", "all", ""},
		{"durations.*", "service:checkout", "2026-Q2", ""},
		{"severity_trend", "all", "2026-Q2", ""},
	} {
		got := ""
		if err := (MetricsOptions{Metric: c.metric, Scope: c.scope, Window: c.window}).absent(estimates); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
