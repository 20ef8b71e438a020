package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// VerdictSettings fix beforehand what is judged when a quarter closes.
type VerdictSettings struct {
	Settling         time.Duration `yaml:"settling" env:"SETTLING" doc:"the verdicts of a quarter are given this long after its end, so that late events can arrive"`
	Scopes           []string      `yaml:"scopes" env:"SCOPES" doc:"what is judged: kinds of scope (organisation, team, environment), or one as kind:name"`
	Metrics          []string      `yaml:"metrics" env:"METRICS" doc:"the trends that are judged"`
	FalseDiscoveries float64       `yaml:"false_discoveries" env:"FALSE_DISCOVERIES" doc:"share of false ones among the verdicts of a close that Benjamini–Hochberg holds"`
}

func defaultVerdictSettings() VerdictSettings {
	d := learning.DefaultSettings()
	return VerdictSettings{d.Settling, d.VerdictScopes, d.VerdictMetrics, d.FalseDiscoveries}
}

// validate tells each fault: which setting, and what it may be.
func (v VerdictSettings) validate(fault func(ok bool, name, reason string)) {
	fault(v.Settling >= 0 && v.Settling <= 90*24*time.Hour, "analysis.verdicts.settling", "0 to 2160h")
	fault(v.FalseDiscoveries > 0 && v.FalseDiscoveries <= 0.2, "analysis.verdicts.false_discoveries", "above 0, at most 0.2")
	for _, m := range v.Metrics {
		fault(slices.Contains(learning.Judged, m), "analysis.verdicts.metrics", fmt.Sprintf("%q is not one of %q", m, learning.Judged))
	}
	for _, s := range v.Scopes {
		kind, name, named := strings.Cut(s, ":")
		judged := slices.Contains([]string{"organisation", "team", "environment"}, kind)
		fault(judged && (!named || name != ""), "analysis.verdicts.scopes", fmt.Sprintf("%q is not organisation, team or environment, nor one of them as in team:payments", s))
	}
}
