package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// change is one deployment or flag change as it really was. Moments are milliseconds, 0 never.
type change struct {
	id, commit, version           string
	service                       int
	started, finished, rolledBack int64
	outcome                       string // succeeded, failed
	automatic                     bool
	flag                          string // the flag's key; "" for a deployment
}

// failedShare is the share of failing ordinary deployments that the platform
// itself reports as failed; the others look well and are rolled back.
const (
	reportedFailed = 0.5
	reportedBack   = 0.6  // share of those that are rolled back all the same
	flagShare      = 0.04 // flag changes for each deployment of a service that uses flags
)

// quiet keeps ordinary deployments of a service away from one that causes a failure, so that a
// rollback is a fact about the deployment that it is meant for.
const (
	quietBefore = 4 * hourMillis
	quietAfter  = 5 * minuteMillis
)

func newChange(r *rand.Rand, service int, finished int64) *change {
	id := r.Uint64()
	commit := fmt.Sprintf("%016x%016x%08x", r.Uint64(), r.Uint64(), r.Uint32())
	return &change{
		id: fmt.Sprintf("deploy-%012x", id>>16), commit: commit,
		version: fmt.Sprintf("%d.%d.%d", 1+id%4, id>>8%40, id>>4%20),
		service: service, finished: finished,
		started: finished - minutes(lognormal{7, 0.5}.draw(r)),
	}
}

// changes makes a week's changes, ordinary and causing, of every service in order of time.
type changes struct {
	*world
	free  []int64     // by service: before it no ordinary deployment finishes
	ahead [][]*change // by service: the deployments that cause a failure, not yet passed
	cause []*change   // those of all services, not yet given
}

func newChanges(w *world) *changes {
	c := &changes{world: w, free: make([]int64, len(w.services)), ahead: make([][]*change, len(w.services)), cause: w.causes}
	for _, cause := range w.causes {
		c.ahead[cause.service] = append(c.ahead[cause.service], cause)
	}
	return c
}

// week gives the changes planned for [from, to). Some move a little beyond it.
func (c *changes) week(from, to int64) []*change {
	var all []*change
	for len(c.cause) > 0 && c.cause[0].finished < to {
		all = append(all, c.cause[0])
		c.cause = c.cause[1:]
	}
	for i := range c.services {
		all = append(all, c.ordinary(i, from, to)...)
	}
	slices.SortFunc(all, func(a, b *change) int {
		if a.finished != b.finished {
			return int(a.finished - b.finished)
		}
		return strings.Compare(a.id, b.id)
	})
	return all
}

func (c *changes) ordinary(service int, from, to int64) []*change {
	s := &c.services[service]
	r := c.random(forChanges, uint64(service)<<20|uint64((from-c.begin)/dayMillis))
	var all []*change
	if born := c.at(s.from); born >= from && born < to { // a service begins with a deployment
		all = append(all, c.deploy(r, service, born+int64(r.Float64()*hourMillis)))
	}
	peak := max(s.deployRate(max(c.day(from), s.from)), s.deployRate(min(c.day(to), s.to)-1e-9)) * slices.Max(deployWeek[:])
	for day := c.day(from); peak > 0; {
		if day += r.ExpFloat64() / peak; c.at(day) >= to {
			break
		}
		if r.Float64()*peak > s.deployRate(day)*deployWeek[hourOfWeek(c.at(day))] {
			continue
		}
		all = append(all, c.deploy(r, service, c.at(day)))
		if s.flags && r.Float64() < flagShare {
			flag := newChange(r, service, c.at(day)+int64(r.Float64()*8*hourMillis))
			flag.flag = fmt.Sprintf("%s.%s", s.name, symptoms[r.IntN(4)])
			all = append(all, flag)
		}
	}
	return all
}

// deploy makes an ordinary deployment at the planned moment or as soon after as nothing is in its way.
func (c *changes) deploy(r *rand.Rand, service int, at int64) *change {
	at = max(at, c.free[service])
	for len(c.ahead[service]) > 0 {
		cause := c.ahead[service][0]
		if at <= cause.finished-quietBefore {
			break
		}
		at = max(at, max(cause.finished, cause.rolledBack)+quietAfter)
		c.ahead[service] = c.ahead[service][1:]
	}
	d := newChange(r, service, at)
	d.outcome = "succeeded"
	if r.Float64() < c.services[service].failing {
		back := true
		if r.Float64() < reportedFailed {
			d.outcome = "failed"
			back = r.Float64() < reportedBack
		}
		if back {
			d.rolledBack = at + minutes(rollingBack.draw(r))
			d.automatic = r.Float64() < 0.4
		}
	}
	c.free[service] = max(d.finished, d.rolledBack) + minuteMillis
	return d
}
