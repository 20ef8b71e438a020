package main

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

//go:embed *.sql
var statements embed.FS

// size of the organisation whose log is made.
type size struct {
	services, incidents, changes int
}

const (
	seed                    = 1
	incidentsPerImprovement = 20
	servicesPerTeam         = 25
)

// begin and end of the log, in milliseconds: 2021-07-01 to 2026-07-01 UTC.
const (
	begin = int64(1_625_097_600_000)
	end   = int64(1_782_864_000_000)
)

var statedBits = map[string]event.Stated{
	"service": event.StatedService, "services": event.StatedServices, "environment": event.StatedEnvironment,
	"severity": event.StatedSeverity, "detection_source": event.StatedDetectionSource, "failure_mode": event.StatedFailureMode,
	"planned": event.StatedPlanned, "started_at": event.StatedStartedAt, "version": event.StatedVersion,
	"commit": event.StatedCommit, "artifact": event.StatedArtifact, "outcome": event.StatedOutcome, "rollout": event.StatedRollout,
	"automatic_rollback": event.StatedAutomaticRollback, "flag_key": event.StatedFlagKey, "flag_from": event.StatedFlagFrom,
	"flag_to": event.StatedFlagTo, "links": event.StatedLinks, "attributes": event.StatedAttributes,
}

// statement makes the rows numbered from (included) to (not included) of one of
// changes, incidents and improvements. Numbers beyond the size's own go on after
// the log's end at the same pace.
func (s size) statement(name string, from, to int) (string, error) {
	words := template.FuncMap{"states": func(columns ...string) (string, error) {
		var bits event.Stated
		for _, column := range columns {
			bit, known := statedBits[column]
			if !known {
				return "", fmt.Errorf("no bit for %q", column)
			}
			bits |= bit
		}
		return fmt.Sprintf("toUInt64(%d)", bits), nil
	}}
	parsed, err := template.New(name).Funcs(words).ParseFS(statements, name+".sql")
	if err != nil {
		return "", err
	}
	// Few services get many changes: the share of the first x of all is √x.
	for word, text := range map[string]string{
		"service": fmt.Sprintf(`toUInt64(%d * pow((sipHash64(%d, 'place', {{.}}) %% 1000003) / 1000003., 2))`, s.services, seed),
		"moment":  fmt.Sprintf(`(toInt64(%d) + toInt64({{.}} * %.9g))`, begin, float64(end-begin)/float64(s.changes)),
	} {
		if _, err := parsed.New(word).Parse(text); err != nil {
			return "", err
		}
	}
	var out strings.Builder
	err = parsed.ExecuteTemplate(&out, name+".sql", map[string]any{
		"From": from, "To": to, "Seed": seed, "Services": s.services,
		"ChangesPerIncident":      fmt.Sprint(s.changes / max(1, s.incidents)),
		"IncidentsPerImprovement": incidentsPerImprovement,
	})
	return out.String(), err
}

// catalog names the services, each with a team and one dependency.
func (s size) catalog() catalog.Catalog {
	var c catalog.Catalog
	for i := range s.services {
		c.Services = append(c.Services, catalog.Service{
			Name: fmt.Sprintf("service-%d", i), Team: fmt.Sprintf("team-%d", i/servicesPerTeam), Tier: fmt.Sprint(1 + i%3),
			DependsOn: []string{fmt.Sprintf("service-%d", (i*7+1)%s.services)},
		})
	}
	return c
}
