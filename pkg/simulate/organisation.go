package simulate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/catalog"
)

// quarterDays is the quarter in which trends are stated.
const quarterDays = 365.25 / 4

// character is how a team behaves: what is planted, and why.
type character struct {
	name string
	why  string

	trend     float64 // change of the log failure rate in a quarter
	opens     float64 // probability that the first failure of a mode opens an improvement
	abandons  float64 // probability that an improvement is given up
	customers float64 // share of failures that customers told first
	employees float64 // share that employees told first
	failing   float64 // share of ordinary changes that fail
}

// The characters. Teams take them in this order, again from the start when there are more.
var characters = []character{
	{name: "learns", why: "fixes modes within weeks and its fixes hold", trend: -0.14, opens: 0.9, abandons: 0.05, customers: 0.15, employees: 0.1, failing: 0.03},
	{name: "learns", why: "fixes modes within weeks and its fixes hold", trend: -0.1, opens: 0.85, abandons: 0.05, customers: 0.15, employees: 0.1, failing: 0.03},
	{name: "steady", why: "fixes modes as fast as new ones come", trend: 0, opens: 0.7, abandons: 0.1, customers: 0.2, employees: 0.1, failing: 0.04},
	{name: "does not learn", why: "opens few improvements, so that its modes keep coming back", trend: 0, opens: 0.15, abandons: 0.4, customers: 0.35, employees: 0.1, failing: 0.05},
	{name: "learns", why: "fixes modes within weeks and its fixes hold", trend: -0.12, opens: 0.9, abandons: 0.05, customers: 0.15, employees: 0.1, failing: 0.03},
	{name: "gets worse", why: "its failure rate grows every quarter", trend: 0.09, opens: 0.5, abandons: 0.2, customers: 0.3, employees: 0.1, failing: 0.06},
}

var teamNames = []string{
	"checkout", "search", "accounts", "delivery", "pricing", "insights",
	"catalogue", "messaging", "platform", "billing", "mobile", "risk",
}

var serviceNames = []string{"api", "worker", "store", "gateway", "index", "sync", "rules", "feed", "cache", "export"}

// unknownTeam is where a service lands that the catalogue does not know.
const unknownTeam = "unassigned"

type team struct {
	character
	name string
}

// service is one service and its planted rates.
type service struct {
	name    string
	team    int // index of teams; -1 outside the catalogue
	tier    string
	deps    []int
	aliases []string

	from, to float64 // alive between these days of the log
	removed  bool    // it was taken out of production on day `to`
	failures float64 // failures a day on day 0
	deploys  float64 // ordinary deployments a day on day 0
	canary   bool
	twice    bool // a second tool tells of its deployments, under an alias
	flags    bool // it is also changed by feature flags

	character
}

// deployGrowth is the growth of the log deployment rate in a quarter, everywhere.
const deployGrowth = 0.03

type organisation struct {
	Config
	teams    []team
	services []service // the last one is outside the catalogue
}

func newOrganisation(c Config) organisation {
	o := organisation{Config: c}
	r := c.random(forServices, 0)
	for i := range c.Teams {
		name := teamNames[i%len(teamNames)]
		if i >= len(teamNames) {
			name = fmt.Sprintf("%s-%d", name, i/len(teamNames)+1)
		}
		o.teams = append(o.teams, team{character: characters[i%len(characters)], name: name})
	}
	days := c.days()
	for i := range c.Services {
		t, nth := i%c.Teams, i/c.Teams
		name := o.teams[t].name + "-" + serviceNames[nth%len(serviceNames)]
		if nth >= len(serviceNames) {
			name += fmt.Sprintf("-%d", nth/len(serviceNames)+1)
		}
		s := service{
			name: name, team: t, tier: fmt.Sprint(1 + nth%3), character: o.teams[t].character,
			aliases:  []string{"P" + fmt.Sprintf("%06X", 0xA10000+i*0x1F3), "shop/" + name},
			to:       days,
			failures: 0.85 + 0.4*r.Float64(),
			deploys:  0.5 + r.Float64(),
			canary:   i%3 == 0, twice: i%5 == 1, flags: i%4 == 2,
		}
		if i > 0 { // depend on one earlier service that nobody deploys all day
			if on := r.IntN(i); on%8 != 7 {
				s.deps = []int{on}
			}
		}
		if i%8 == 7 { // a few are deployed all day
			s.deploys *= 14
		}
		o.services = append(o.services, s)
	}
	if c.Services >= 8 && c.Quarters >= 4 { // one is born and one is taken out on the way
		o.services[4].from = math.Floor(days * 0.4)
		last := &o.services[c.Services-2]
		last.to, last.removed = math.Floor(days*0.8), true
	}
	o.services = append(o.services, service{
		name: "legacy-batch", team: -1, to: days, failures: 0.5, deploys: 0.3,
		character: character{name: "outside the catalogue", opens: 0, customers: 0.2, employees: 0.1, failing: 0.05},
	})
	o.scale()
	return o
}

// scale turns the services' relative rates into rates that give the expected numbers asked for.
func (o *organisation) scale() {
	var failures, deploys float64
	for i := range o.services {
		s := &o.services[i]
		failures += s.failures * integral(s.from, s.to, s.trend/quarterDays)
		deploys += s.deploys * integral(s.from, s.to, deployGrowth/quarterDays)
	}
	for i := range o.services {
		o.services[i].failures *= float64(o.Incidents) / failures
		o.services[i].deploys *= float64(o.Deploys) / deploys
	}
}

// integral is ∫ exp(bt) dt from a to z.
func integral(a, z, b float64) float64 {
	if b == 0 {
		return z - a
	}
	return (math.Exp(b*z) - math.Exp(b*a)) / b
}

// failureRate is the service's failures a day on a day, weekday and hour averaged out.
func (s *service) failureRate(day float64) float64 {
	if day < s.from || day >= s.to {
		return 0
	}
	return s.failures * math.Exp(s.trend/quarterDays*day)
}

// deployRate is the service's ordinary deployments a day, weekday and hour averaged out.
func (s *service) deployRate(day float64) float64 {
	if day < s.from || day >= s.to {
		return 0
	}
	return s.deploys * math.Exp(deployGrowth/quarterDays*day)
}

// catalog is what the organisation says about its services.
func (o *organisation) catalog() catalog.Catalog {
	var c catalog.Catalog
	for _, s := range o.services {
		if s.team < 0 {
			continue
		}
		entry := catalog.Service{Name: s.name, Team: o.teams[s.team].name, Tier: s.tier, Aliases: s.aliases}
		for _, d := range s.deps {
			entry.DependsOn = append(entry.DependsOn, o.services[d].name)
		}
		entry.AliveFrom = o.start().UnixMilli() + int64(s.from)*dayMillis
		c.Services = append(c.Services, entry)
	}
	sortServices(c.Services)
	return c
}

const (
	minuteMillis = 60 * 1000
	hourMillis   = 60 * minuteMillis
	dayMillis    = 24 * hourMillis
)

// week is how busy each hour of the week is, Monday 00:00 UTC first; the mean is 1.
type week [168]float64

// office makes a week in which an hour of work (Monday to Friday, 8 to 18 UTC) weighs ratio times an hour of rest.
func office(ratio float64) (w week) {
	const worked = 50
	rest := 168 / (worked*ratio + 168 - worked)
	for hour := range w {
		w[hour] = rest
		if h := hour % 24; hour < 5*24 && h >= 8 && h < 18 {
			w[hour] = rest * ratio
		}
	}
	return w
}

// Failures and deployments both keep office hours, deployments far more so.
var failureWeek, deployWeek = office(3), office(15)

// hourOfWeek is the hour of the week of a moment in milliseconds since 1970, Monday 00:00 UTC being 0.
func hourOfWeek(ms int64) int {
	h := ms / hourMillis
	return int((h + 72) % 168) // 1970-01-01 was a Thursday
}

func sortServices(services []catalog.Service) {
	slices.SortFunc(services, func(a, b catalog.Service) int { return strings.Compare(a.Name, b.Name) })
}
