package learning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Coarser is the group that a failure mode belongs to: its name in lower case
// up to the first of / . : - _ or a space, without digits at its end. The first
// and not the last, so that whatever is appended to a name stays in its group:
// a repeat filed as disk-full-2, disk_new or "Disk (other)" is one of disk. A
// name that begins with a separator is its own group.
func Coarser(mode string) string {
	mode = strings.ToLower(mode)
	group := mode
	if i := strings.IndexAny(group, "/.:-_ "); i > 0 {
		group = group[:i]
	}
	return cmp.Or(strings.TrimRight(group, "0123456789"), mode)
}

// coarserModes are the histories of the modes grouped coarser; those as called
// where no two fall together.
func (s *service) coarserModes(closed map[string][]*Improvement, mergeWindow int64) []*modeHistory {
	groups := map[string]string{}
	together := false
	for _, h := range s.modes {
		mode := h.failures[0].mode
		group := Coarser(mode)
		_, known := groups[group]
		together = together || known
		groups[group] = mode
	}
	if !together {
		return s.modes
	}
	fixes := map[string][]*Improvement{}
	for mode, list := range closed {
		group := Coarser(mode)
		fixes[group] = append(fixes[group], list...)
	}
	for _, list := range fixes {
		slices.SortFunc(list, func(a, b *Improvement) int {
			return cmp.Or(cmp.Compare(a.WitnessedClosedAt, b.WitnessedClosedAt), cmp.Compare(a.ID, b.ID))
		})
	}
	failures := merge(s.incidents, func(i *Incident) string { return Coarser(i.FailureMode) }, mergeWindow)
	for _, f := range failures {
		f.opens = f.at <= s.from
	}
	return modeHistories(failures, fixes)
}

// anyMode counts failures on services that had failed before, of whatever
// mode: to call a repeat by another name lowers nothing here.
func (c *computation) anyMode(g *group, w window) {
	const metric = perFailure + ".any_mode"
	var n, days int64
	for _, s := range g.services {
		if s.name == Unknown || len(s.failures) == 0 {
			continue
		}
		first := s.failures[0].at
		days += max(0, min(s.to, w.to)-max(first, w.from))
		for _, f := range s.failures[1:] {
			if w.holds(f.at) || (f.at == s.to && w.to == s.to) {
				n++
				c.evidence(g, w, metric, "event", "incident", f.first.ID)
			}
		}
	}
	exposure := float64(days) / dayMillis
	e := Estimate{
		Metric: metric, N: n, Events: n, Exposure: exposure,
		Method: "failures of any mode per 1,000 service-days after the first of their service; Garwood",
	}
	if n < fewestModes || exposure <= 0 {
		c.emit(g, w, tooFew(e, n, fewestModes, "failures on services that had failed before"))
		return
	}
	per := 1000 / exposure
	scaled := func(i stats.Interval) stats.Interval { return stats.Interval{Low: i.Low * per, High: i.High * per} }
	e.Value = float64(n) * per
	e.bounds(scaled(stats.Garwood(n, c.settings.Level)), scaled(stats.Garwood(n, c.settings.InnerLevel)))
	e.Reading = fmt.Sprintf("%s of any mode in %s service-days of services that had failed before: %s per 1,000, with %s to %s compatible with the data (%s, Garwood). A repeat counts whatever it is called.",
		plural(int(n), "failure", "failures"), whole(exposure), number(e.Value), number(e.Low), number(e.High), percent(c.settings.Level))
	c.emit(g, w, e)
}
