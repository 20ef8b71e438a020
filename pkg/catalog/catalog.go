// Package catalog reads what an organisation says about its services: who owns
// each, what it depends on, under which other names tools know it, and which
// failure modes its incidents have. It is deliberately narrow: files in, plain
// values out; nothing is fetched, and nothing is guessed from names.
package catalog

import (
	"sort"
	"strings"
	"time"
)

// Service is one service of the catalogue.
type Service struct {
	Name      string
	Team      string   // "" if the catalogue does not say
	Tier      string   // the organisation's own word, "" if it does not say
	DependsOn []string // names of the services directly depended on, sorted
	Aliases   []string // other names of the same service (PagerDuty id, repository, …), sorted
	AliveFrom int64    // milliseconds since 1970 from which it ran in production; 0 if unknown
}

// Catalog is all services, sorted by name; names and aliases are unique.
type Catalog struct {
	Services []Service
}

// Resolve gives the catalogue's name for a name or an alias.
func (c Catalog) Resolve(name string) (service string, known bool) {
	for i := range c.Services {
		if c.Services[i].Name == name {
			return name, true
		}
		for _, alias := range c.Services[i].Aliases {
			if alias == name {
				return c.Services[i].Name, true
			}
		}
	}
	return name, false
}

// entry is a service with the places where its parts stand in the file.
type entry struct {
	Service
	at      place
	aliases []named
	depends []named
}

// named is a name and where it stands. Loose ones were taken from annotations
// of other tools, which several services of one repository may share.
type named struct {
	name  string
	at    place
	loose bool
}

// ReadCatalog reads a catalogue file: YAML documents that are Backstage
// entities (kind Component; others are passed over with a warning) or our own
// form:
//
//	services:
//	  - name: checkout
//	    team: payments
//	    tier: "1"
//	    dependsOn: [ledger]
//	    aliases: [PABC123, acme/checkout]
//	    aliveFrom: 2024-05-01
//
// Warnings do not stop reading; the error joins every Problem that does.
func ReadCatalog(path string) (Catalog, []Problem, error) {
	f, err := open(path)
	if err != nil {
		return Catalog{}, nil, err
	}
	var entries []entry
	for _, document := range f.documents {
		fields := f.mapping(document, "a document of the catalogue")
		_, simple := fields["services"]
		_, backstage := fields["kind"]
		switch {
		case fields == nil:
		case simple:
			entries = append(entries, f.simple(fields)...)
		case backstage:
			if e, ok := f.component(fields); ok {
				entries = append(entries, e)
			}
		default:
			f.fail(f.at(document), "this document is neither a list of services nor a Backstage entity",
				"give it a top-level `services:` list, or `apiVersion`, `kind` and `metadata` as Backstage has them")
		}
	}
	c := f.assemble(entries)
	if len(entries) == 0 && len(f.problems) == 0 {
		f.warn(f.at(f.documents[0]), "the catalogue has no service, so every service of an event is unknown to it",
			"add services, or leave out catalog_file")
	}
	return c, f.warnings, f.err()
}

func (f *file) simple(fields map[string]field) []entry {
	f.only(fields, "services")
	var entries []entry
	for _, item := range f.sequence(fields["services"].value, "services") {
		m := f.mapping(item, "a service")
		if m == nil {
			continue
		}
		f.only(m, "name", "team", "tier", "dependsOn", "aliases", "aliveFrom")
		e := entry{at: f.at(item)}
		e.Name = f.required(item, m, "name", "a service")
		e.Team = f.text(m["team"])
		e.Tier = f.text(m["tier"])
		e.AliveFrom = f.date(m["aliveFrom"])
		e.depends = f.names(m["dependsOn"])
		e.aliases = f.names(m["aliases"])
		entries = append(entries, e)
	}
	return entries
}

// assemble checks the services against each other.
func (f *file) assemble(entries []entry) Catalog {
	owner := make(map[string]place, len(entries))
	var unique []entry
	for _, e := range entries {
		if e.Name == "" {
			continue // already reported
		}
		if first, taken := owner[e.Name]; taken {
			f.fail(e.at, "service "+quote(e.Name)+" stands a second time, first at line "+first.lineText(),
				"keep one of the two, or give one another name")
			continue
		}
		owner[e.Name] = e.at
		unique = append(unique, e)
	}
	f.sameButForCase(unique)
	users := f.aliasUsers(unique, owner)
	c := Catalog{Services: make([]Service, 0, len(unique))}
	for _, e := range unique {
		known := map[string]bool{}
		for _, alias := range e.aliases {
			if alias.name != e.Name && !known[alias.name] && users[alias.name] == e.Name {
				known[alias.name] = true
				e.Aliases = append(e.Aliases, alias.name)
			}
		}
		seen := map[string]bool{}
		for _, on := range e.depends {
			switch _, exists := owner[on.name]; {
			case on.name == e.Name:
				f.fail(on.at, "service "+quote(e.Name)+" depends on itself", "take this line out")
			case seen[on.name]:
			default:
				if !exists && users[on.name] != "" {
					on.name, exists = users[on.name], true
				}
				if !exists {
					f.warn(on.at, "service "+quote(e.Name)+" depends on "+quote(on.name)+", which the catalogue does not have",
						"add that service, or correct the name")
				}
				seen[on.name] = true
				e.DependsOn = append(e.DependsOn, on.name)
			}
		}
		sort.Strings(e.Aliases)
		sort.Strings(e.DependsOn)
		c.Services = append(c.Services, e.Service)
	}
	sort.Slice(c.Services, func(i, j int) bool { return c.Services[i].Name < c.Services[j].Name })
	return c
}

// sameButForCase warns of services, and of teams, whose names differ in case
// alone: events are matched by the exact name, so that one is counted as two.
func (f *file) sameButForCase(entries []entry) {
	services, teams := map[string]entry{}, map[string]entry{}
	for _, e := range entries {
		if first, taken := services[strings.ToLower(e.Name)]; taken {
			f.warn(e.at, "service "+quote(e.Name)+" differs from "+quote(first.Name)+" at line "+first.at.lineText()+" in case alone, and is another service",
				"nothing, if they are two; else keep one, with the other name among its aliases")
		} else {
			services[strings.ToLower(e.Name)] = e
		}
		if first, taken := teams[strings.ToLower(e.Team)]; !taken {
			teams[strings.ToLower(e.Team)] = e
		} else if first.Team != e.Team {
			f.warn(e.at, "team "+quote(e.Team)+" differs from "+quote(first.Team)+", of the service at line "+first.at.lineText()+", in case alone, and is another team",
				"nothing, if they are two; else write it in one way")
		}
	}
}

// aliasUsers gives each alias its one service. An alias that was written for
// tuition and stands twice is an error; one taken from another tool's
// annotation (two components of one repository share its slug) names no
// service, and that is a warning.
func (f *file) aliasUsers(entries []entry, owner map[string]place) map[string]string {
	type use struct {
		service string
		named
	}
	first := map[string]use{}
	users := map[string]string{}
	for _, e := range entries {
		for _, alias := range e.aliases {
			if alias.name == e.Name {
				continue
			}
			earlier, taken := first[alias.name]
			_, service := owner[alias.name]
			switch {
			case service && alias.loose:
				f.warn(alias.at, "the annotation's value "+quote(alias.name)+" is the name of another service, so it names that one",
					"nothing, if that is meant; else change the annotation")
			case service:
				f.fail(alias.at, "alias "+quote(alias.name)+" of service "+quote(e.Name)+" is the name of another service",
					"take the alias out, or rename that service")
			case !taken:
				first[alias.name] = use{e.Name, alias}
				users[alias.name] = e.Name
			case earlier.service == e.Name:
			case earlier.loose || alias.loose:
				delete(users, alias.name)
				f.warn(alias.at, quote(alias.name)+" is shared by the services "+quote(earlier.service)+" and "+quote(e.Name)+
					", so it names neither", "give each its own `tuition.dev/aliases`")
			default:
				f.fail(alias.at, "alias "+quote(alias.name)+" is used twice, by the services "+quote(earlier.service)+" and "+quote(e.Name),
					"an alias names one service: take it out of one of them")
			}
		}
	}
	return users
}

func (f *file) date(d field) int64 {
	text := f.text(d)
	if text == "" {
		return 0
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		t, err := time.Parse(layout, text)
		switch {
		case err != nil:
			continue
		case t.Year() < 1980 || t.Year() > 2199:
			f.fail(f.at(d.value), quote(text)+" is outside the years 1980 to 2199", "correct the year")
		case t.After(time.Now()):
			f.warn(f.at(d.value), quote(text)+" is yet to come; until then the service is not counted as running",
				"nothing, if it is planned; else correct the date")
		}
		return t.UnixMilli()
	}
	f.fail(f.at(d.value), quote(text)+" is not a date", "write 2024-05-01 or 2024-05-01T08:00:00Z")
	return 0
}
