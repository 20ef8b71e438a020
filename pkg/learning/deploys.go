package learning

import (
	"slices"
	"sort"
)

// DeployDay is how many deploys finished on one day.
type DeployDay struct {
	Day     int32 // days since 1970-01-01 UTC
	Deploys int32
}

func (d DeployDay) from() int64 { return int64(d.Day) * dayMillis }

func (d DeployDay) to() int64 { return d.from() + dayMillis }

// AddDeploys puts the deploys of several places together, in order of the days, each once.
// Those of one place that are so already are given back as they are.
func AddDeploys(places ...[]DeployDay) []DeployDay {
	if len(places) == 1 && inOrderOfDays(places[0]) {
		return places[0]
	}
	all := slices.Concat(places...)
	slices.SortFunc(all, func(a, b DeployDay) int { return int(a.Day) - int(b.Day) })
	out := all[:0]
	for _, d := range all {
		if last := len(out) - 1; last >= 0 && out[last].Day == d.Day {
			out[last].Deploys += d.Deploys
			continue
		}
		out = append(out, d)
	}
	return slices.Clip(out)
}

func inOrderOfDays(days []DeployDay) bool {
	for i := range days[min(1, len(days)):] {
		if days[i].Day >= days[i+1].Day {
			return false
		}
	}
	return true
}

// CountDeploys counts moments in milliseconds by their days.
func CountDeploys(times ...int64) []DeployDay {
	days := make([]DeployDay, len(times))
	for i, t := range times {
		days[i] = DeployDay{Day: int32(t / dayMillis), Deploys: 1}
	}
	return AddDeploys(days)
}

// deploysBefore are those of the days that begin before a moment.
func deploysBefore(days []DeployDay, end int64) []DeployDay {
	return days[:sort.Search(len(days), func(i int) bool { return days[i].from() >= end })]
}

// deployClock runs with the deploys of a scope. Within a day they count as spread
// evenly over it, as far as the day has come: a clock of fifty million moments
// would tell little more and take most of the memory.
type deployClock struct {
	days   []DeployDay
	before []int64 // deploys on earlier days
	asOf   int64
}

func newDeployClock(services []*service, asOf int64) deployClock {
	var days []DeployDay
	if len(services) == 1 {
		days = services[0].deploys
	} else {
		byDay := map[int32]int32{}
		for _, s := range services {
			for _, d := range s.deploys {
				byDay[d.Day] += d.Deploys
			}
		}
		days = make([]DeployDay, 0, len(byDay))
		for day, deploys := range byDay {
			days = append(days, DeployDay{day, deploys})
		}
		slices.SortFunc(days, func(a, b DeployDay) int { return int(a.Day) - int(b.Day) })
	}
	c := deployClock{days: days, before: make([]int64, len(days)), asOf: asOf}
	var sum int64
	for i, d := range days {
		c.before[i] = sum
		sum += int64(d.Deploys)
	}
	return c
}

// deploys are those before t.
func (c deployClock) deploys(t int64) float64 {
	i := sort.Search(len(c.days), func(i int) bool { return c.days[i].from() > t }) - 1
	if i < 0 {
		return 0
	}
	from := c.days[i].from()
	share := 1.0
	if length := min(c.days[i].to(), c.asOf) - from; length > 0 {
		share = min(1, float64(t-from)/float64(length))
	}
	return float64(c.before[i]) + share*float64(c.days[i].Deploys)
}

// first is when the clock begins to run at or after a moment: at the begin of a day with a deploy.
func (c deployClock) first(since int64) (at int64, known bool) {
	i := sort.Search(len(c.days), func(i int) bool { return c.days[i].to() > since })
	if i == len(c.days) {
		return 0, false
	}
	return max(since, c.days[i].from()), true
}
