package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

const (
	record      = 3 * 365.0 // days
	together    = 3.0       // days from the first in which failures of a mode are one
	laterOf     = 13 * 7.0  // days after which a mode counts without a fix
	millisADay  = 86_400_000
	declaresIn  = 14.0  // days in which a fix follows what called for it
	meanWait    = 120.0 // days, of a fix that comes at random
	servicesFor = 10    // modes
)

var start = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// Three ways in which rates, in failures a day, differ between modes: a gamma
// of shape ½ and mean 1/250, a log-normal of median 1/500 and sd 1.2, and one
// mode in five forty days apart, the others nine hundred.
func gammaRate(r *rand.Rand) float64 { return math.Max(1e-6, gamma(r, 0.5, 0.5*250)) }

func lognormalRate(r *rand.Rand) float64 { return math.Min(0.5, math.Exp(1.2*r.NormFloat64())/500) }

func twoPointRate(r *rand.Rand) float64 {
	if r.Float64() < 0.2 {
		return 1.0 / 40
	}
	return 1.0 / 900
}

// A fixing says after which failure of a mode a fix follows, and how many days later.
type fixing func(r *rand.Rand, failures int) (wait float64, now bool)

func atRandom(r *rand.Rand, failures int) (float64, bool) {
	return meanWait * r.ExpFloat64(), failures == 1
}

func atSecondRecurrence(r *rand.Rand, failures int) (float64, bool) {
	return declaresIn * r.Float64(), failures == 3
}

func atOnce(r *rand.Rand, failures int) (float64, bool) {
	return declaresIn * r.Float64(), failures == 1
}

func never(*rand.Rand, int) (float64, bool) { return 0, false }

// world is an organisation whose modes fail, and are fixed, as is known.
type world struct {
	modes   int // seen or not
	rate    func(*rand.Rand) float64
	born    float64 // share of the modes that begin within the record, at any time of it
	fix     fixing
	removed func(*rand.Rand) float64 // share of a mode's rate that its fix takes away; nil: none
	fades   float64                  // what is left of a mode's rate a quarter after its beginning, of itself; 0: all
	grows   float64                  // a mode's rate at the end of the record by that at its beginning, with the deploys; 0: as it was
	opens   bool                     // an improvement is opened for each mode, whether it is fixed within the record or not
	tell    func(*telling)           // how the organisation tells of a mode; nil: as it was
}

// telling is a mode as it was, and as the organisation tells it.
type telling struct {
	r             *rand.Rand
	name          string
	rate, removed float64
	incidents     []float64 // days; those that merge into an earlier one too
	counted       []float64 // those that do not
	fixed         float64   // +Inf: never
	stated        float64   // the day that the organisation says it was fixed
	witnessed     float64   // the day that this was first heard; of history, as it says
	imported      bool
	names         []string // of each incident
}

// live draws a mode's failures by thinning those of its undiminished rate.
func (w world) live(r *rand.Rand, rate float64) *telling {
	t := &telling{r: r, rate: rate, fixed: math.Inf(1)}
	if w.removed != nil {
		t.removed = w.removed(r)
	}
	begin := 0.0
	if r.Float64() < w.born {
		begin = record * r.Float64()
	}
	for at := begin + r.ExpFloat64()/rate; at < record; at += r.ExpFloat64() / rate {
		left := 1.0
		if at >= t.fixed {
			left -= t.removed
		}
		if w.fades > 0 {
			left *= math.Pow(w.fades, (at-begin)/91)
		}
		if w.grows > 0 {
			left *= w.grown(at) / math.Max(1, w.grows)
		}
		if r.Float64() >= left {
			continue
		}
		t.incidents = append(t.incidents, at)
		if n := len(t.counted); n > 0 && at < t.counted[n-1]+together {
			continue
		}
		t.counted = append(t.counted, at)
		if wait, now := w.fix(r, len(t.counted)); now && math.IsInf(t.fixed, 1) {
			t.fixed = at + wait
		}
	}
	t.stated, t.witnessed = t.fixed, t.fixed
	return t
}

// exposed are the days from one moment to another in which the mode could be seen to fail.
func (t *telling) exposed(from, to float64) float64 {
	if to <= from {
		return 0
	}
	left := to - from
	for _, at := range t.counted {
		left -= math.Max(0, math.Min(to, at+together)-math.Max(from, at))
	}
	return left
}

// effective is when a fix heard of on a day begins to count: not within the merging of a failure.
func (t *telling) effective(day float64) float64 {
	for _, at := range t.counted {
		if at <= day && day < at+together {
			return at + together
		}
	}
	return day
}

// truth is what was really prevented of what was really due, after the
// intervention and after the declared fix; and the sum of the undiminished rates,
// in failures a day, of the modes intervened on and of those never fixed.
type truth struct{ headline, declared, rate, open float64 }

// input draws an organisation.
func (w world) input(r *rand.Rand) (learning.Input, truth) {
	in := learning.Input{AsOf: start + int64(record)*millisADay, Start: start}
	var due, prevented, dueFixed, preventedFixed, rate, open float64
	for i := range w.modes {
		service := fmt.Sprintf("service%03d", i/servicesFor)
		if i%servicesFor == 0 {
			in.Services = append(in.Services, learning.Service{Name: service, Team: "one", InCatalog: true, AliveFrom: start, AliveTo: in.AsOf, Deploys: w.deploys()})
		}
		t := w.live(r, w.rate(r))
		if len(t.counted) == 0 {
			continue
		}
		t.name = letters(i)
		t.names = slices.Repeat([]string{t.name}, len(t.incidents))
		if w.tell != nil {
			w.tell(t)
		}
		t.put(&in, service, i)
		declared := t.effective(t.witnessed)
		from := math.Min(t.counted[0]+laterOf, declared)
		if from < record {
			rate += t.rate
		}
		if t.witnessed >= record {
			open += t.rate
			if w.opens {
				in.Improvements = append(in.Improvements, learning.Improvement{
					ID: fmt.Sprint(i), Service: service, Team: "one", FailureMode: t.name, OpenedAt: in.AsOf - millisADay,
				})
			}
		}
		due += t.rate * t.exposed(from, record)
		prevented += t.rate * t.removed * t.exposed(math.Max(from, t.fixed), record)
		dueFixed += t.rate * t.exposed(declared, record)
		preventedFixed += t.rate * t.removed * t.exposed(math.Max(declared, t.fixed), record)
	}
	return in, truth{prevented / due, preventedFixed / dueFixed, rate, open}
}

// grown is by how much the deploys of a day are more than those of the first.
func (w world) grown(day float64) float64 { return 1 + (w.grows-1)*day/record }

// deploys of a service: ten on the first day where they grow.
func (w world) deploys() learning.Deploys {
	if w.grows == 0 {
		return ""
	}
	var out []learning.DeployDay
	for day := range int(record) {
		out = append(out, learning.DeployDay{Day: int32(start/millisADay) + int32(day), Deploys: int32(math.Round(10 * w.grown(float64(day))))})
	}
	return learning.PackDeploys(out...)
}

func (t *telling) put(in *learning.Input, service string, i int) {
	moment := func(day float64) int64 {
		if day >= record {
			return 0
		}
		return start + int64(day*millisADay)
	}
	for k, at := range t.incidents {
		in.Incidents = append(in.Incidents, learning.Incident{
			ID: fmt.Sprintf("%d/%d", i, k), Service: service, Team: "one", FailureMode: t.names[k],
			StartedAt: moment(at), DetectedAt: moment(at), ResolvedAt: moment(at), StatedDetectSeconds: -1, StatedResolveSeconds: -1,
		})
	}
	if t.witnessed < record {
		in.Improvements = append(in.Improvements, learning.Improvement{
			ID: fmt.Sprint(i), Service: service, Team: "one", FailureMode: t.name, OpenedAt: moment(t.counted[0]),
			ClosedAt: moment(t.stated), WitnessedClosedAt: moment(t.witnessed), Imported: t.imported,
		})
	}
}

// letters names a mode by letters alone, so that none are grouped by their names.
func letters(i int) string {
	name := []byte("mode")
	for range 3 {
		name = append(name, byte('a'+i%26))
		i /= 26
	}
	return string(name)
}
