// Package simulate makes an organisation whose truth is known: teams that learn
// from their failures, one that does not, one that gets worse. It tells what
// happened as the tools of such an organisation would (late, twice, out of
// order, corrected afterwards), and says what an honest estimator should find.
//
// Deliberately narrow: it plants what the metrics estimate and nothing prettier.
// Services fail independently, rates change smoothly, and no failure is hidden;
// what real organisations do beyond that is not covered by a good result here.
package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Config says how large an organisation to make. The zero value of a field takes its default.
type Config struct {
	Seed      uint64    // default 1; equal configurations give equal bytes
	End       time.Time // end of the log and the `as_of` of its truth, start of a UTC day; default 2026-07-01
	Quarters  int       // calendar quarters before End; default 8, at least 1
	Teams     int       // default 6, at least 1
	Services  int       // in the catalogue; default 24, at least Teams (one more runs outside the catalogue)
	Incidents int       // expected number of failures that count; default 400
	Deploys   int       // expected number of deployments; default 16000
}

// The defaults of Config: an organisation at which every metric can be read.
const (
	defaultSeed      = 1
	defaultQuarters  = 8
	defaultTeams     = 6
	defaultServices  = 24
	defaultIncidents = 400
	defaultDeploys   = 16000
)

var defaultEnd = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

// withDefaults fills in what is zero and refuses what makes no organisation.
func (c Config) withDefaults() (Config, error) {
	if c.Seed == 0 {
		c.Seed = defaultSeed
	}
	if c.End.IsZero() {
		c.End = defaultEnd
	}
	for _, field := range []struct {
		value    *int
		fallback int
	}{{&c.Quarters, defaultQuarters}, {&c.Teams, defaultTeams}, {&c.Services, defaultServices}, {&c.Incidents, defaultIncidents}, {&c.Deploys, defaultDeploys}} {
		if *field.value == 0 {
			*field.value = field.fallback
		}
	}
	switch {
	case !c.End.Equal(c.End.UTC().Truncate(24 * time.Hour)):
		return c, fmt.Errorf("simulate: end %s is not the start of a UTC day", c.End.Format(time.RFC3339))
	case c.Quarters < 1 || c.Quarters > 80:
		return c, fmt.Errorf("simulate: %d quarters; choose 1 to 80", c.Quarters)
	case c.Teams < 1:
		return c, fmt.Errorf("simulate: %d teams; choose at least 1", c.Teams)
	case c.Services < c.Teams:
		return c, fmt.Errorf("simulate: %d services for %d teams; every team runs at least one", c.Services, c.Teams)
	case c.Incidents < 0 || c.Deploys < 0:
		return c, fmt.Errorf("simulate: %d incidents and %d deployments; neither may be negative", c.Incidents, c.Deploys)
	}
	return c, nil
}

// start is the first moment of the log.
func (c Config) start() time.Time { return c.End.AddDate(0, -3*c.Quarters, 0) }

// days is the length of the log.
func (c Config) days() float64 { return c.End.Sub(c.start()).Hours() / 24 }

// random gives an independent stream of random numbers for one purpose, so that
// a change in one part of the simulator leaves the others' draws alone.
func (c Config) random(purpose, part uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.Seed, purpose<<32|part))
}

// The purposes of random.
const (
	forServices uint64 = iota + 1
	forFailures
	forChanges
	forTelling
	forBench
	forForesight
)
