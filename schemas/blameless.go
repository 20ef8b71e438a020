package schemas

import (
	_ "embed"
	"slices"
	"strings"
)

// BlamelessRules is the rules of wording that makes a person the cause, in YAML.
//
//go:embed blameless/rules.yaml
var BlamelessRules []byte

//go:embed blameless/given-names.txt
var givenNames string

// Names lists the given names by which prose is told to speak of a person, in order.
func Names() []string {
	var names []string
	for line := range strings.Lines(givenNames) {
		if !strings.HasPrefix(line, "#") { // a comment
			names = append(names, strings.Fields(line)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
