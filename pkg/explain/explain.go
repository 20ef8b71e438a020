// Package explain says what one estimate means and rests on: what the metric is,
// the figure with all that is needed to read it, what it was computed from, what
// would change it, and the failures that it counted. Deliberately narrow: it reads
// a finished run and the rows behind it, computes no estimate and judges nothing.
package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Facts are what an explanation is made from: a finished run and what it read.
type Facts struct {
	Snapshot learning.Snapshot // ComputedAt is zero where it was not published
	Settings learning.Settings
	Input    *learning.Input
	Evidence []learning.Evidence // of the metric that Metric.Evidence names, scope and window
	Titles   map[string]string   // what people call an entity, by id
	Past     []Past              // of the same metric, scope and window, in any order
}

// Ask is which estimate, and how many of the failures behind it are listed.
type Ask struct {
	Metric string
	Scope  learning.Scope
	Window string // "all" or a quarter
	Limit  int    // of the evidence
}

// Explanation is the answer. The same facts give the same bytes.
type Explanation struct {
	Metric    Metric       `json:"metric"`
	Estimate  learning.Row `json:"estimate"`
	Inputs    Inputs       `json:"inputs"`
	Outlook   []string     `json:"outlook"`              // what would change it
	CannotSay string       `json:"cannot_say,omitempty"` // filled by who knows
	Evidence  Counted      `json:"evidence"`
	Before    *Past        `json:"before"` // what was said of the same moment before
	Past      []Past       `json:"history"`
	Parts     []Part       `json:"parts,omitempty"` // other metrics of the family

	// Of is the estimate itself: unlike the row it holds what is infinite.
	Of learning.Estimate `json:"-"`
}

// Metric is what is said of a metric.
type Metric struct {
	Name       string `json:"name"`
	Family     string `json:"family"`
	Unit       string `json:"unit"`
	Better     string `json:"better"` // lower, higher, or neither
	Minimum    string `json:"minimum"`
	Definition string `json:"definition"`
	Formula    string `json:"formula"`
	Source     string `json:"source"`
	Evidence   string `json:"evidence"` // the metric whose evidence shows what this one counted
}

// Inputs are what the estimate was computed from.
type Inputs struct {
	Run         string     `json:"run"`
	AsOf        string     `json:"as_of"`
	ComputedAt  string     `json:"computed_at,omitempty"`
	InputEvents uint64     `json:"input_events"`
	InputHash   string     `json:"input_hash"`
	Settings    []Setting  `json:"settings"`
	Coverage    []Coverage `json:"coverage"`
}

// Setting is a choice that the number depends on.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Means string `json:"means"`
}

// Coverage is how many of the organisation's incidents or fixes lack what
// estimates need, or have it.
type Coverage struct {
	What  string `json:"what"`
	Count int64  `json:"count"`
	Of    int64  `json:"of"`
}

// Part is a metric of a family, with its estimate where there is one.
type Part struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
	State      string `json:"state,omitempty"`
	Reading    string `json:"reading,omitempty"`
}

// Missing says that there is no such estimate, and what to do about it.
type Missing struct{ Why error }

func (m Missing) Error() string { return m.Why.Error() }

func (m Missing) Unwrap() error { return m.Why }

// Of explains one estimate. The error is Missing if there is none.
func Of(f Facts, ask Ask) (Explanation, error) {
	m, known := learning.Lookup(ask.Metric)
	if !known {
		return Explanation{}, Missing{unknown(ask.Metric)}
	}
	var family []learning.Estimate // of the same scope and window
	var same []learning.Estimate   // of the same metric and scope
	estimates := EstimatesOf(f.Snapshot.Estimates, ask.Scope)
	for _, e := range estimates {
		if e.Window == ask.Window && Family(e.Metric) == Family(ask.Metric) {
			family = append(family, e)
		}
		if e.Metric == ask.Metric {
			same = append(same, e)
		}
	}
	at := slices.IndexFunc(same, func(e learning.Estimate) bool { return e.Window == ask.Window })
	switch {
	case len(estimates) == 0:
		return Explanation{}, Missing{noScope(f.Snapshot.Estimates, ask.Scope)}
	case len(same) == 0 && learning.Absent(f.Snapshot.Estimates, ask.Metric, ask.Scope.Kind, "all") == "":
		return Explanation{}, Missing{fmt.Errorf("%s has no estimate of %s", ask.Metric, ScopeText(ask.Scope))}
	case at < 0:
		if why := learning.Absent(f.Snapshot.Estimates, ask.Metric, ask.Scope.Kind, ask.Window); why != "" {
			return Explanation{}, Missing{fmt.Errorf("%s %s", ask.Metric, why)}
		}
		return Explanation{}, Missing{fmt.Errorf("%s has no estimate of %s for the window %s; there are %s", ask.Metric, ScopeText(ask.Scope), ask.Window, strings.Join(windowsOf(same), ", "))}
	}
	e := same[at]
	x := Explanation{
		Metric:   metricOf(m),
		Estimate: learning.RowOf(e),
		Inputs:   inputs(f, m),
		Evidence: counted(f, m, ask.Limit),
		Of:       e,
	}
	x.Before, x.Past = history(f.Past, e)
	x.Outlook = outlook(m, e, paceOf(m, same, f), f.Snapshot.AsOf, f.Settings)
	for _, other := range family {
		if other.Metric != ask.Metric {
			about, _ := learning.Lookup(other.Metric)
			x.Parts = append(x.Parts, Part{other.Metric, about.Definition, string(other.State), other.Reading})
		}
	}
	return x, nil
}

// EstimatesOf are all of one scope; of one below the organisation also those
// that too little was counted for.
func EstimatesOf(all []learning.Estimate, scope learning.Scope) []learning.Estimate {
	if scope.Name != "" {
		return learning.Of(all, scope)
	}
	var out []learning.Estimate
	for _, e := range all {
		if e.Scope == scope {
			out = append(out, e)
		}
	}
	return out
}

func metricOf(m learning.Metric) Metric {
	return Metric{
		m.Name, Family(m.Name), m.Unit, cmp.Or(m.Better, "neither"), m.Minimum, m.Definition, m.Formula,
		cmp.Or(m.Source, "a count: every one is counted"), cmp.Or(m.Evidence, m.Name),
	}
}

func inputs(f Facts, m learning.Metric) Inputs {
	in := Inputs{
		Run: f.Snapshot.RunID, AsOf: learning.Instant(f.Snapshot.AsOf), InputEvents: f.Snapshot.InputEvents,
		InputHash: f.Input.Hash, Settings: dependsOn(m, f.Settings),
	}
	if !f.Snapshot.ComputedAt.IsZero() {
		in.ComputedAt = learning.Instant(f.Snapshot.ComputedAt.UnixMilli())
	}
	c := f.Input.Coverage
	for _, line := range []Coverage{
		{"incidents without a failure mode", c.NoFailureMode, c.Incidents},
		{"incidents without a start", c.NoStart, c.Incidents},
		{"incidents without a severity", c.NoSeverity, c.Incidents},
		{"incidents without a service", c.NoService, c.Incidents},
		{"incidents without an environment", c.NoEnvironment, c.Incidents},
		{"incidents whose service the catalog does not know", c.NotInCatalog, c.Incidents},
		{"incidents from automatic sources", c.AutomaticSource, c.Incidents},
		{"declared fixes taken as stated, without a witness of when", c.UnwitnessedFixes, c.Fixes},
	} {
		if line.Of > 0 {
			in.Coverage = append(in.Coverage, line)
		}
	}
	return in
}

// dependsOn lists the settings that a metric's number depends on.
func dependsOn(m learning.Metric, s learning.Settings) []Setting {
	out := []Setting{}
	for _, c := range s.Choices(m) {
		out = append(out, Setting(c))
	}
	return out
}

// ScopeText is a scope as people name it on the command line.
func ScopeText(s learning.Scope) string {
	if s.Name == "" {
		return s.Kind
	}
	return s.Kind + ":" + s.Name
}
