package learning

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// untilPostmortem is how old a failure is to count as having none: what is younger is censored.
const untilPostmortem = 30 * dayMillis

// unknownFactor is the kind of the factors of a post-mortem that states none.
const unknownFactor = "unknown"

var (
	causeCategories  = []string{"change", "configuration", "capacity", "dependency", "design", "documentation", "process", "monitoring", unknownFactor}
	improvementKinds = []string{"monitoring", "alerting", "test", "tooling", "automation", "architecture", "capacity", "process", "documentation", "onboarding", "unknown"}
)

// postmortems says how failures are looked at, and what is opened for them. None
// of it is learning: only failures that do not come back are.
func (c *computation) postmortems(g *group) {
	for _, w := range c.windows(g, "postmortem") {
		c.coverage(g, w)
		c.published(g, w)
		c.timeToPublish(g, w)
		if g.given("postmortem.improvements") {
			c.improvementsByKind(g, w)
		}
	}
}

// of are the post-mortems of a failure.
func (f *facts) of(failure *failure) []*Postmortem {
	if len(failure.merged) == 0 {
		return f.postmortems[failure.first.ID]
	}
	var out []*Postmortem
	for _, i := range append([]*Incident{failure.first}, failure.merged...) {
		out = append(out, f.postmortems[i.ID]...)
	}
	return out
}

// coverage is the share of failures with a post-mortem, by severity.
func (c *computation) coverage(g *group, w window) {
	var shares [6]clusters[stats.Share] // 0 all, 1 to 5 by severity
	var young [6]int64
	for _, s := range g.services {
		for _, f := range s.failuresIn(w) {
			has := len(c.facts.of(f)) > 0
			kinds := []int{0}
			if f.severity >= 1 && f.severity <= 5 {
				kinds = append(kinds, int(f.severity))
			}
			for _, k := range kinds {
				metric := coverageMetric(k)
				if !has && f.at > c.org.asOf-untilPostmortem {
					young[k]++
					c.evidence(g, w, metric, "censored", "incident", f.first.ID)
					continue
				}
				share := shares[k].at(s.entire().name)
				share.Of++
				if has {
					share.Events++
					c.evidence(g, w, metric, "event", "incident", f.first.ID)
				}
			}
		}
	}
	for k := range shares {
		of := "failures"
		if k > 0 {
			of = sentence("failures of severity %d", k)
		}
		e := c.share(coverageMetric(k), shares[k].of, fewestFailures, "have a post-mortem", of)
		e.Censored = young[k]
		if young[k] > 0 {
			e.Reading += fmt.Sprintf(" %s without one and not 30 days old.", plural(int(young[k]), "more is", "more are"))
		}
		c.emit(g, w, e)
	}
}

func coverageMetric(severity int) string {
	if severity == 0 {
		return "postmortem.coverage"
	}
	return fmt.Sprintf("postmortem.coverage.severity_%d", severity)
}

// timeToPublish runs from the end of a failure to its first post-mortem, which
// may come before the end; one without is followed until now.
func (c *computation) timeToPublish(g *group, w window) {
	var lifetimes []stats.Lifetime
	missing := 0
	for _, s := range g.services {
		for _, f := range s.failuresIn(w) {
			l := lifetime{kind: "incident", id: f.first.ID, from: f.over, until: c.org.asOf}
			untold := false
			for _, p := range c.facts.of(f) {
				if p.PublishedFrom != "" {
					untold = true
					continue
				}
				if l.to == 0 || p.PublishedAt < l.to {
					l.to = p.PublishedAt
				}
			}
			switch {
			case f.over == 0, // it lasts, or nobody told of its end
				untold && l.to == 0: // nobody told when it was looked at
				missing++
			case l.to != 0 && l.to < l.from:
				l.from = l.to
				fallthrough
			default:
				lifetimes = append(lifetimes, c.lasted(g, w, "durations.postmortem_published.median", l))
			}
		}
	}
	c.duration(g, w, "durations.postmortem_published", lifetimes, missing, "failures that ended", "looked at in a post-mortem")
}

// published looks at the post-mortems of a scope's failures, each once, by when they were published.
func (c *computation) published(g *group, w window) {
	seen := map[*Postmortem]bool{}
	var told []*Postmortem
	for _, s := range g.services {
		for _, f := range s.failures {
			for _, p := range c.facts.of(f) {
				if !seen[p] && w.holds(p.PublishedAt) {
					seen[p] = true
					told = append(told, p)
				}
			}
		}
	}
	n := int64(len(told))
	var checked, passed, contradicted int64
	factors := map[string]int64{}
	for _, p := range told {
		switch p.BlamelessCheck {
		case "passed":
			passed++
			c.evidence(g, w, "postmortem.blameless", "event", "postmortem", p.ID)
			fallthrough
		case "failed":
			checked++
		case "contradicted":
			checked++
			contradicted++
		}
		kinds := map[string]bool{}
		for _, k := range p.CauseCategories {
			if slices.Contains(causeCategories, k) {
				kinds[k] = true
			}
		}
		delete(kinds, unknownFactor)
		if len(kinds) == 0 {
			kinds[unknownFactor] = true
		}
		for _, k := range slices.Sorted(maps.Keys(kinds)) {
			factors[k]++
			c.evidence(g, w, "postmortem.factor."+k, "event", "postmortem", p.ID)
		}
	}
	blameless := c.share("postmortem.blameless", []stats.Share{{Events: passed, Of: checked}}, fewestFailures, "make no person the cause in what is stored of them", "post-mortems checked")
	blameless.Censored = n - checked
	if n > checked {
		blameless.Reading += fmt.Sprintf(" %s not checked.", plural(int(n-checked), "more is", "more are"))
	}
	if contradicted > 0 {
		blameless.Reading += fmt.Sprintf(" %s stated to have passed.", plural(int(contradicted), "that did not is", "that did not are"))
	}
	c.emit(g, w, blameless)
	if g.given("postmortem.factor") {
		c.factors(g, w, n, factors)
	}
}

// factors counts n post-mortems by the kinds of contributing factors that they
// name. Where none names a kind, that none names this one is no finding.
func (c *computation) factors(g *group, w window, n int64, by map[string]int64) {
	stated := n - by[unknownFactor]
	for _, k := range causeCategories {
		metric := "postmortem.factor." + k
		switch {
		case k == unknownFactor:
			c.emit(g, w, count(metric, by[k], n, sentence("%d of %s no kind of contributing factor.", by[k], plural(int(n), "post-mortem names", "post-mortems name"))))
		case stated == 0:
			c.emit(g, w, refuse(Estimate{Metric: metric, Method: "count of all of them"}, Insufficient,
				fmt.Sprintf("Not enough data: none of %s a kind of contributing factor. No figure is shown.", plural(int(n), "post-mortem names", "post-mortems names"))))
		default:
			reading := sentence("%d of %s %s among the contributing factors.", by[k], plural(int(stated), "post-mortem that states kinds names", "post-mortems that state kinds name"), k)
			if stated < n {
				reading += fmt.Sprintf(" Not among them: %s.", plural(int(n-stated), "post-mortem that states none", "post-mortems that state none"))
			}
			c.emit(g, w, count(metric, by[k], stated, reading))
		}
	}
}

func (c *computation) improvementsByKind(g *group, w window) {
	counts := map[string]int64{}
	var n int64
	for _, s := range g.services {
		for _, i := range s.improvements {
			if !w.holds(i.OpenedAt) || i.OpenedAt == 0 {
				continue
			}
			n++
			kind := i.Kind
			if !slices.Contains(improvementKinds, kind) {
				kind = "unknown"
			}
			counts[kind]++
			c.evidence(g, w, "postmortem.improvements."+kind, "event", "improvement", i.ID)
		}
	}
	for _, kind := range improvementKinds {
		c.emit(g, w, count("postmortem.improvements."+kind, counts[kind], n,
			sentence("%d of %s opened %s of kind %s.", counts[kind], plural(int(n), "improvement", "improvements"), isAre(counts[kind]), kind)))
	}
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// postmortemMetrics are what is said of each.
var postmortemMetrics = func() []Metric {
	var out []Metric
	for k := range 6 {
		of := "failures"
		if k > 0 {
			of = sentence("failures of severity %d", k)
		}
		out = append(out, Metric{
			coverageMetric(k), "share", "", "10 " + of,
			"Share of " + of + " with a post-mortem; those without one and younger than 30 days are censored. A count of post-mortems is no learning.",
			"k/n", pooledShare, "",
		})
	}
	out = append(out, Metric{
		"postmortem.blameless", "share", "higher", "10 post-mortems checked",
		"Post-mortems that passed the check that no wording makes a person the cause, of those checked; each once, by when it was first published. Checked is what is stored: title, factors and surprises; a timeline is not, `tuition check` reads it too. One that is stated to have passed, and whose wording makes a person the cause, did not.",
		"k/n", "Wilson 1927", "",
	})
	for _, k := range causeCategories {
		needs, names := "1 post-mortem that states kinds of factors", "name "+k+" among the contributing factors; one may name several, and those that state no kind are left out"
		if k == unknownFactor {
			needs, names = "none", "name no kind of contributing factor"
		}
		out = append(out, Metric{
			"postmortem.factor." + k, "count", "", needs,
			"Post-mortems that " + names + ".",
			"count", "", "",
		})
	}
	const since = "a failure's end to its first post-mortem, those without one censored"
	out = append(out,
		Metric{
			"durations.postmortem_published.median", "seconds", "lower", "6",
			"Median time from " + since + ".",
			"Kaplan–Meier median; log(−log) bands inverted", "Brookmeyer & Crowley 1982", "",
		},
		Metric{
			"durations.postmortem_published.p90", "seconds", "lower", "36",
			"Ninetieth percentile of the time from " + since + ".",
			"Kaplan–Meier quantile; log(−log) bands inverted", "Brookmeyer & Crowley 1982", "durations.postmortem_published.median",
		},
		Metric{
			"durations.postmortem_published.detectable", "share", "lower", "6 finished",
			"Smallest reduction of the typical time from " + since + detectableTest,
			detectableFormula, detectableSource, "durations.postmortem_published.median",
		})
	for _, k := range improvementKinds {
		out = append(out, Metric{
			"postmortem.improvements." + k, "count", "", "none",
			"Improvements of kind " + k + ", by when they were opened.",
			"count", "", "",
		})
	}
	return out
}()
