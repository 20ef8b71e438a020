package main

import (
	"regexp"
	"slices"
	"testing"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// shownBy is what shows the interval of some metrics.
type shownBy struct {
	metrics   string // a regular expression
	campaigns []string
	reason    string // instead of campaigns
}

// proven says of every metric which campaigns show what its interval is worth,
// or why there is none to show. The first pattern that fits a whole name counts.
var proven = []shownBy{
	{metrics: `learning_per_failure(\.declared)?`, campaigns: []string{"learning-per-failure", "learning-per-failure-uneven", "learning-per-failure-told", "learning-per-failure-deploys"}},
	{metrics: `learning_per_failure\.coarser`, campaigns: []string{"learning-per-failure-told"}},
	{metrics: `learning_per_failure\.placebo`, campaigns: []string{"learning-per-failure-placebo", "learning-per-failure-deploys"}},
	{metrics: `learning_per_failure\.trend`, campaigns: []string{"ratio-trend", "organisations-whole"}},
	{metrics: `learning_per_failure\.power`, reason: "calculated from the interval of learning_per_failure; it has none of its own"},
	{metrics: `learning_per_failure\.(any_mode|novel_rate)|new_modes\.rate|near_miss\.rate|known_open\.rate`, campaigns: []string{"rates"}},
	{metrics: `containment\.(uncontained|escaped|contained|severe)|monitoring_gaps\.told_by_(customer|employee)`, campaigns: []string{"rates", "mode-rates"}},
	{metrics: `new_modes\.chance`, campaigns: []string{"new-kind"}},
	{metrics: `severity_trend(\.tau_b)?`, campaigns: []string{"severity"}},
	{metrics: `repeat_rate\.after_(fix|end)\.\d+d`, campaigns: []string{"survival"}},
	{metrics: `repeat_rate\.after_(fix|end)\.mean_180d`, campaigns: []string{"mean-cumulative"}},
	{metrics: `durations\..*\.(median|p90)|monitoring_gaps\.time_to_close`, campaigns: []string{"survival"}},
	{metrics: `durations\..*\.detectable`, campaigns: []string{"durations-detectable"}},
	{metrics: `learning_derivative\.(uncontained|severe)(\.per_deploy)?`, campaigns: []string{"trend", "trend-clocks", "verdicts"}},
	{metrics: `learning_derivative\..*\.(since_start|per_doubling)`, campaigns: []string{"growth"}},
	{metrics: `learning_derivative\.repeats`, campaigns: []string{"trend", "organisations-whole"}},
	{metrics: `improvement_effectiveness\.(proven|failed|not_yet|untestable)`, campaigns: []string{"improvement-effectiveness"}},
	{metrics: `repeat_rate\.(repeats|known_open|unaddressed)|monitoring_gaps\.told_by_(customer|employee)\.share|change_safety\.failed_share(\.(rollout|kind)\..*)?`, campaigns: []string{"shares"}},
	{metrics: `tuition\.costed_share|near_miss\.(reported|heeded|came)|forewarned(\..*)?|premortem\.(recall|happened\..*)|postmortem\.(coverage(\..*)?|blameless)`, campaigns: []string{"shares"}},
	{metrics: `change_safety\.excess`, campaigns: []string{"excess"}},
	{metrics: `tuition\.typical_cost`, campaigns: []string{"costs"}},
	{metrics: `tuition\.(avoided|delay\.per_week)`, campaigns: []string{"organisations-whole"}},
	{metrics: `tuition\.avoided\.(p10|p90)`, reason: "quantiles of the distribution of tuition.avoided; they have no interval of their own"},
	{metrics: `tuition\.avoided\.exceeds_spent`, reason: "a chance, between those at the ends of the range that was stated for what was spent"},
	{metrics: `tuition\.(paid|delay)|containment\.loss_avoided`, reason: "sums of what was stated, with the range that was stated"},
	{metrics: `blast_radius\.gini|blast_radius(\.cost)?\.tail`, campaigns: []string{"concentration"}},
	{metrics: `blast_radius(\.cost)?`, reason: "the share of the largest of those told of, without an interval"},
	{metrics: `premortem\.(brier|skill)`, campaigns: []string{"forecasts"}},
	{metrics: `premortem\.stated\..*`, reason: "the mean of what was stated, without an interval"},
	{metrics: `watch\..*\.power_(doubling|tripling)`, reason: "simulated itself; watch-power has the same figures for many years more"},
	{metrics: `watch\..*`, campaigns: []string{"watch-false-alarms", "watch-power", "watch-organisations", "watch-unsteady"}},
	{metrics: `.*\.shrunk`, campaigns: []string{"shrunk"}},
	{metrics: `known_open\.oldest`, reason: "the greatest of all ages, known as it is"},
	{metrics: `known_open\.improvements|monitoring_gaps\.(found|open|closed|proven|reopened|unproven)|repeat_rate\.fix_did_not_hold|postmortem\.(factor|improvements)\..*|stagnation|counted\..*`, reason: "a count of what is there"},
}

// No metric has an interval that nothing was asked of.
func TestEveryMetricIsProven(t *testing.T) {
	used := make([]bool, len(proven))
	for _, m := range learning.Metrics {
		i := slices.IndexFunc(proven, func(p shownBy) bool {
			return regexp.MustCompile("^(" + p.metrics + ")$").MatchString(m.Name)
		})
		if i < 0 {
			t.Errorf("%s: no campaign shows what its interval is worth, and no reason says why not", m.Name)
			continue
		}
		used[i] = true
	}
	for i, p := range proven {
		if !used[i] {
			t.Errorf("%s fits no metric that an earlier one does not", p.metrics)
		}
		if (p.reason == "") == (len(p.campaigns) == 0) {
			t.Errorf("%s: either campaigns or a reason", p.metrics)
		}
		for _, name := range p.campaigns {
			if !slices.ContainsFunc(campaigns, func(c campaign.Campaign) bool { return c.Name == name }) {
				t.Errorf("%s: there is no campaign %s", p.metrics, name)
			}
		}
	}
	for _, c := range campaigns {
		if !slices.ContainsFunc(proven, func(p shownBy) bool {
			return slices.Contains(p.campaigns, c.Name)
		}) {
			t.Errorf("%s shows something of no metric", c.Name)
		}
	}
}
