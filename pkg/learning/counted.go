package learning

import "fmt"

// countFailures says of every scope that it exists, and what all else rests on.
func (c *computation) countFailures(g *group) {
	for _, w := range c.windows(g, "counted.failures") {
		var n, incidents int64
		for _, s := range g.services {
			for _, f := range s.failuresIn(w) {
				n++
				incidents += 1 + int64(len(f.merged))
				c.evidence(g, w, "counted.failures", "event", "incident", f.first.ID)
			}
		}
		c.emit(g, w, count("counted.failures", n, incidents,
			fmt.Sprintf("%s of %s.", plural(int(n), "failure", "failures"), plural(int(incidents), "incident", "incidents"))))
	}
}

// countApart counts what is no failure: drills, duplicates, and incidents merged into an earlier one.
func (c *computation) countApart() {
	g := &group{Scope: Scope{Kind: wholeOrganisation}}
	var merged []*Incident
	for _, s := range c.org.services {
		for _, f := range s.failures {
			merged = append(merged, f.merged...)
		}
	}
	for _, w := range append([]window{c.everything}, c.quarters...) {
		for _, apart := range []struct {
			metric, one, many string
			incidents         []*Incident
		}{
			{"counted.drills", "drill or planned work was left out of every other number", "drills and planned works were left out of every other number", c.org.drills},
			{"counted.duplicates", "incident that doubles another was left out of every other number", "incidents that double another were left out of every other number", c.org.duplicates},
			{"counted.undated", "incident is known by amendments alone and could not be placed in time", "incidents are known by amendments alone and could not be placed in time", c.org.undated},
			{"counted.merged", "incident came within the merging window of one of the same mode and was counted as one failure with it", "incidents came within the merging window of one of the same mode and were counted as one failure with it", merged},
		} {
			var n int64
			for _, incident := range apart.incidents {
				if w.holds(incident.At()) {
					n++
					c.evidence(g, w, apart.metric, "event", "incident", incident.ID)
				}
			}
			c.emit(g, w, count(apart.metric, n, n, plural(int(n), apart.one, apart.many)+"."))
		}
	}
}

// countedMetrics are what is said of each.
var countedMetrics = []Metric{
	{
		"counted.failures", "count", "lower", "none",
		"Failures: incidents that are no drill and double no other, those within the merging window of one of the same mode and service counted as one with it. Every scope that is known has it, be it 0.",
		"count",
		"", "",
	},
	{
		"counted.drills", "count", "", "none",
		"Drills and planned works, left out of every other number.",
		"count",
		"", "",
	},
	{
		"counted.duplicates", "count", "", "none",
		"Incidents that double another, left out of every other number.",
		"count",
		"", "",
	},
	{
		"counted.undated", "count", "lower", "none",
		"Incidents known by amendments alone, which tell neither a start nor a detection: they could not be placed in time and are in no other number. One of which anything else was told, be it its end, is placed when it was first told of.",
		"count",
		"", "",
	},
	{
		"counted.merged", "count", "", "none",
		"Incidents within the merging window of one of the same mode and service, counted as one failure with it.",
		"count",
		"", "",
	},
}
