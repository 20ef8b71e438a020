package catalog

import "strings"

// aliasAnnotations are the annotations of other tools whose value is the
// tool's own name for the component.
var aliasAnnotations = map[string]bool{
	"argocd/app-name":                 true,
	"backstage.io/kubernetes-id":      true,
	"firehydrant.com/service-name":    true,
	"github.com/project-slug":         true,
	"gitlab.com/project-slug":         true,
	"incident.io/service":             true,
	"launchdarkly.com/project-key":    true,
	"opsgenie.com/component-selector": true,
	"pagerduty.com/service-id":        true,
	"rootly.com/service-id":           true,
	"rootly.com/service-slug":         true,
	"sentry.io/project-slug":          true,
}

// Our own annotations on a Backstage component.
const (
	annotationAliases   = "tuition.dev/aliases"    // comma-separated
	annotationTier      = "tuition.dev/tier"       // one word
	annotationAliveFrom = "tuition.dev/alive-from" // a date
)

// component reads one Backstage entity. Its other fields are Backstage's
// business and are passed over.
func (f *file) component(fields map[string]field) (entry, bool) {
	kind := f.text(fields["kind"])
	metadata := f.mapping(fields["metadata"].value, "`metadata` of a Backstage entity")
	if kind != "Component" {
		f.warn(fields["kind"].at, "an entity of kind "+quote(kind)+" is not a service and is passed over",
			"nothing; only kind Component is read")
		return entry{}, false
	}
	if metadata == nil {
		if _, stated := fields["metadata"]; !stated {
			f.fail(fields["kind"].at, "a Component without `metadata`", "give it `metadata: {name: …}`")
		}
		return entry{}, false
	}
	e := entry{at: fields["metadata"].at}
	e.Name = f.required(fields["metadata"].value, metadata, "name", "a Component's metadata")
	if annotations, stated := metadata["annotations"]; stated {
		f.annotations(annotations, &e)
	}
	if spec, stated := fields["spec"]; stated {
		m := f.mapping(spec.value, "`spec` of a Component")
		if owner := f.text(m["owner"]); !strings.HasPrefix(strings.ToLower(owner), "user:") { // a person is no team, and is shown nowhere
			e.Team = entityName(owner)
		}
		for _, on := range f.names(m["dependsOn"]) {
			if kind, _, has := strings.Cut(on.name, ":"); has && !strings.EqualFold(kind, "component") {
				continue // a resource or an API: not a service of ours
			}
			on.name = entityName(on.name)
			e.depends = append(e.depends, on)
		}
	}
	return e, e.Name != ""
}

func (f *file) annotations(annotations field, e *entry) {
	m := f.mapping(annotations.value, "`metadata.annotations`")
	for _, key := range sortedKeys(m) {
		value := f.text(m[key])
		if value == "" {
			continue
		}
		at := f.at(m[key].value)
		switch {
		case key == annotationAliases:
			for alias := range strings.SplitSeq(value, ",") {
				if alias = strings.TrimSpace(alias); alias != "" {
					e.aliases = append(e.aliases, named{name: alias, at: at})
				}
			}
		case key == annotationTier:
			e.Tier = value
		case key == annotationAliveFrom:
			e.AliveFrom = f.date(m[key])
		case aliasAnnotations[key]:
			e.aliases = append(e.aliases, named{name: value, at: at, loose: true})
		}
	}
}

// entityName strips an entity reference, [kind:][namespace/]name, to its name.
func entityName(ref string) string {
	if _, rest, has := strings.Cut(ref, ":"); has {
		ref = rest
	}
	if _, name, has := strings.Cut(ref, "/"); has {
		ref = name
	}
	return strings.TrimSpace(ref)
}
