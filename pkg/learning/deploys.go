package learning

import (
	"encoding/binary"
	"iter"
	"slices"
	"sort"
	"strings"
)

// DeployDay is how many deploys finished on one day.
type DeployDay struct {
	Day     int32 // days since 1970-01-01 UTC
	Deploys int32
}

func (d DeployDay) from() int64 { return int64(d.Day) * dayMillis }

func (d DeployDay) to() int64 { return d.from() + dayMillis }

// Deploys are those of each day on which there were some, in order of the days. They
// are packed, as five thousand services have some on most days of five years, and by
// environment once more: of each day the days since the one before and the deploys,
// both as varints, most often two bytes.
type Deploys string

// PackDeploys packs deploys of days in any order.
func PackDeploys(days ...DeployDay) Deploys {
	if !slices.IsSortedFunc(days, byDay) {
		days = slices.SortedFunc(slices.Values(days), byDay)
	}
	out := make([]byte, 0, 2*len(days)+8)
	last := int32(0)
	for i := 0; i < len(days); {
		day, deploys := days[i].Day, int64(0)
		for ; i < len(days) && days[i].Day == day; i++ {
			deploys += int64(days[i].Deploys)
		}
		out = binary.AppendVarint(out, int64(day-last))
		out = binary.AppendVarint(out, deploys)
		last = day
	}
	return Deploys(out)
}

func byDay(a, b DeployDay) int { return int(a.Day) - int(b.Day) }

// Days are the days with their deploys.
func (d Deploys) Days() iter.Seq[DeployDay] {
	return func(yield func(DeployDay) bool) {
		rest := strings.NewReader(string(d))
		var day int64
		for {
			since, err := binary.ReadVarint(rest)
			if err != nil {
				return // the end: nothing but PackDeploys makes them
			}
			deploys, _ := binary.ReadVarint(rest)
			day += since
			if !yield(DeployDay{int32(day), int32(deploys)}) {
				return
			}
		}
	}
}

// Before are those of the days that begin before a moment.
func (d Deploys) Before(end int64) Deploys {
	var out []DeployDay
	for day := range d.Days() {
		if day.from() >= end {
			return PackDeploys(out...)
		}
		out = append(out, day)
	}
	return d
}

// AddDeploys puts the deploys of several places together.
func AddDeploys(places ...Deploys) Deploys {
	var all []DeployDay
	for _, d := range places {
		all = slices.AppendSeq(all, d.Days())
	}
	return PackDeploys(all...)
}

// CountDeploys counts moments in milliseconds by their days.
func CountDeploys(times ...int64) Deploys {
	days := make([]DeployDay, len(times))
	for i, t := range times {
		days[i] = DeployDay{Day: int32(t / dayMillis), Deploys: 1}
	}
	return PackDeploys(days...)
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
		days = slices.Collect(services[0].deploys.Days())
	} else {
		sums := map[int32]int32{}
		for _, s := range services {
			for d := range s.deploys.Days() {
				sums[d.Day] += d.Deploys
			}
		}
		days = make([]DeployDay, 0, len(sums))
		for day, deploys := range sums {
			days = append(days, DeployDay{day, deploys})
		}
		slices.SortFunc(days, byDay)
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
