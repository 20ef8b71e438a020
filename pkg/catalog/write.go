package catalog

import (
	"time"

	"github.com/goccy/go-yaml"
)

// YAML writes the catalogue in the short form that ReadCatalog reads.
func (c Catalog) YAML() ([]byte, error) {
	type service struct {
		Name      string   `yaml:"name"`
		Team      string   `yaml:"team,omitempty"`
		Tier      string   `yaml:"tier,omitempty"`
		DependsOn []string `yaml:"dependsOn,omitempty"`
		Aliases   []string `yaml:"aliases,omitempty"`
		AliveFrom string   `yaml:"aliveFrom,omitempty"`
	}
	var file struct {
		Services []service `yaml:"services"`
	}
	for _, s := range c.Services {
		row := service{Name: s.Name, Team: s.Team, Tier: s.Tier, DependsOn: s.DependsOn, Aliases: s.Aliases}
		if s.AliveFrom != 0 {
			row.AliveFrom = time.UnixMilli(s.AliveFrom).UTC().Format(time.RFC3339Nano)
		}
		file.Services = append(file.Services, row)
	}
	return yaml.Marshal(file)
}
