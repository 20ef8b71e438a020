package catalog

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const simple = `# ours
services:
  - name: kubernetes
    team: cloud-engineering
    tier: 1
    dependsOn: [infrastructure-modules, dfds/dns]
    aliases: [hellman, P1ABCDE]
    aliveFrom: 2019-01-09
  - name: infrastructure-modules
    team: cloud-engineering
  - name: dns
    aliases:
      - dfds/dns
`

func TestSimple(t *testing.T) {
	c, warnings, err := ReadCatalog(write(t, simple))
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	want := []Service{
		{Name: "dns", Aliases: []string{"dfds/dns"}},
		{Name: "infrastructure-modules", Team: "cloud-engineering"},
		{
			Name: "kubernetes", Team: "cloud-engineering", Tier: "1", DependsOn: []string{"dns", "infrastructure-modules"},
			Aliases: []string{"P1ABCDE", "hellman"}, AliveFrom: 1546992000000,
		},
	}
	if !reflect.DeepEqual(c.Services, want) {
		t.Errorf("got  %+v\nwant %+v", c.Services, want)
	}
	for name, service := range map[string]string{"hellman": "kubernetes", "dns": "dns", "dfds/dns": "dns"} {
		if got, known := c.Resolve(name); got != service || !known {
			t.Errorf("Resolve(%q) = %q, %v; want %q", name, got, known, service)
		}
	}
	if got, known := c.Resolve("nobody"); got != "nobody" || known {
		t.Errorf("Resolve of an unknown name = %q, %v", got, known)
	}
}

// The entity's shape is that of backstage.io/docs/features/software-catalog/descriptor-format.
const backstage = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: artist-web
  description: The place to be, for great artists
  labels:
    example.com/custom: custom_label_value
  annotations:
    example.com/service-discovery: artistweb
    pagerduty.com/service-id: PX1
    github.com/project-slug: acme/mono
    argocd/app-name: artist-web-prod
    tuition.dev/aliases: artists, www
    tuition.dev/tier: gold
    tuition.dev/alive-from: 2024-05-01T08:00:00Z
  tags:
    - java
  links:
    - url: https://admin.example-org.com
      title: Admin Dashboard
spec:
  type: website
  lifecycle: production
  owner: group:default/artist-relations-team
  system: public-websites
  dependsOn:
    - resource:default/artists-db
    - component:default/artist-api
    - component:missing
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: artist-api, annotations: {github.com/project-slug: acme/mono}}
spec: {owner: artists}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: artist-api}
`

// A person who owns a service is no team: it has none.
func TestBackstageOwnerIsAPerson(t *testing.T) {
	for _, owner := range []string{"user:default/jo-doe", "User:jo-doe"} {
		c, _, err := ReadCatalog(write(t, strings.Replace(backstage, "group:default/artist-relations-team", owner, 1)))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range c.Services {
			if s.Name == "artist-web" && s.Team != "" {
				t.Errorf("owner %s: team %q", owner, s.Team)
			}
		}
	}
}

func TestBackstage(t *testing.T) {
	path := write(t, backstage)
	c, warnings, err := ReadCatalog(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Service{
		{Name: "artist-api", Team: "artists"},
		{
			Name: "artist-web", Team: "artist-relations-team", Tier: "gold", DependsOn: []string{"artist-api", "missing"},
			Aliases: []string{"PX1", "artist-web-prod", "artists", "www"}, AliveFrom: 1714550400000,
		},
	}
	if !reflect.DeepEqual(c.Services, want) {
		t.Errorf("got  %+v\nwant %+v", c.Services, want)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, strings.TrimPrefix(w.Error(), path))
	}
	wantWarnings := []string{
		`:37:1: an entity of kind "API" is not a service and is passed over; nothing; only kind Component is read`,
		`:33:69: "acme/mono" is shared by the services "artist-web" and "artist-api", so it names neither; give each its own ` + "`tuition.dev/aliases`",
		`:29:7: service "artist-web" depends on "missing", which the catalogue does not have; add that service, or correct the name`,
	}
	if !reflect.DeepEqual(got, wantWarnings) {
		t.Errorf("warnings:\n%s", strings.Join(got, "\n"))
	}
}

// What may be meant is read, and said.
func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		services   int
	}{
		"no service":      {"services: []\n", ":1:1: the catalogue has no service", 0},
		"null":            {"# none yet\nservices:\n", ":2:1: the catalogue has no service", 0},
		"service in case": {"services:\n  - name: cart\n  - name: Cart\n", `:3:5: service "Cart" differs from "cart" at line 2 in case alone`, 2},
		"team in case":    {"services:\n  - {name: a, team: Shop}\n  - {name: b}\n  - {name: c, team: shop}\n", `:4:5: team "shop" differs from "Shop", of the service at line 2, in case alone`, 3},
		"far ahead":       {"services:\n  - name: a\n    aliveFrom: 2199-05-01\n", `:3:16: "2199-05-01" is yet to come`, 1},
		"an empty alias":  {"services:\n  - name: a\n    aliases: [x, ' ']\n", `:3:18: an empty name is passed over`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.text)
			got, warnings, err := ReadCatalog(path)
			if err != nil || len(got.Services) != c.services || len(warnings) != 1 || !strings.HasPrefix(warnings[0].Error(), path+c.want) {
				t.Errorf("got %v, warnings %v, %v; want %s", got, warnings, err, c.want)
			}
		})
	}
}

func TestRules(t *testing.T) {
	rules, err := ReadRules(write(t, `
rules:
  - failureMode: certificate-expired
    service: login
    incidents: [INC-7, "31"]
    because: "INC-31: the same certificate"
  - failureMode: out-of-memory
    labels: {symptom: "(?i)oom|out of memory", category: ^kubernetes$}
    because: the label says so
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Rule{
		{FailureMode: "certificate-expired", Service: "login", Incidents: []string{"INC-7", "31"}, Because: "INC-31: the same certificate"},
		{FailureMode: "out-of-memory", Labels: map[string]string{"symptom": "(?i)oom|out of memory", "category": "^kubernetes$"}, Because: "the label says so"},
	}
	if !reflect.DeepEqual(rules, want) {
		t.Errorf("got  %+v\nwant %+v", rules, want)
	}
}

func TestBadFiles(t *testing.T) {
	catalogue := func(path string) error { _, _, err := ReadCatalog(path); return err }
	rules := func(path string) error { _, err := ReadRules(path); return err }
	for name, c := range map[string]struct {
		read func(string) error
		text string
		want string
	}{
		"empty":               {catalogue, "", ": there is nothing in the file"},
		"only a comment":      {rules, "# nothing\n", ": there is nothing in the file"},
		"binary":              {catalogue, "services:\n\x00", ":2:1: there is a zero byte"},
		"not YAML":            {catalogue, "services:\n  - name: a\n bad: [\n", "this is not YAML"},
		"neither form":        {catalogue, "service: a\n", ":1:1: this document is neither"},
		"a list":              {catalogue, "- a\n", ":1:1: a document of the catalogue must be a mapping"},
		"unknown field":       {catalogue, "services:\n  - name: a\n    owner: b\n", `:3:5: unknown field "owner"; known here: name, team`},
		"no name":             {catalogue, "services:\n  - team: b\n", `:2:5: a service without "name"`},
		"duplicate service":   {catalogue, "services:\n  - name: a\n  - name: b\n  - name: a\n", `:4:5: service "a" stands a second time, first at line 2`},
		"alias twice":         {catalogue, "services:\n  - name: a\n    aliases: [x]\n  - name: b\n    aliases: [x]\n", `:5:15: alias "x" is used twice, by the services "a" and "b"`},
		"alias is a name":     {catalogue, "services:\n  - name: a\n    aliases: [b]\n  - name: b\n", `:3:15: alias "b" of service "a" is the name of another service`},
		"depends on itself":   {catalogue, "services:\n  - name: a\n    dependsOn: [a]\n", `:3:17: service "a" depends on itself`},
		"not a list":          {catalogue, "services:\n  - name: a\n    aliases: x\n", `:3:14: "this field" must be a list`},
		"bad date":            {catalogue, "services:\n  - name: a\n    aliveFrom: May\n", `:3:16: "May" is not a date`},
		"year of five digits": {catalogue, "services:\n  - name: a\n    aliveFrom: 20245-05-01\n", `:3:16: "20245-05-01" is not a date`},
		"beyond all years":    {catalogue, "services:\n  - name: a\n    aliveFrom: 9024-05-01\n", `:3:16: "9024-05-01" is outside the years 1980 to 2199; correct the year`},
		"before all years":    {catalogue, "services:\n  - name: a\n    aliveFrom: 1970-01-01\n", `:3:16: "1970-01-01" is outside the years 1980 to 2199`},
		"a name of spaces":    {catalogue, "services:\n  - name: '  '\n", `:2:5: a service without "name"`},
		"a name with NUL":     {catalogue, "services:\n  - name: \"a\\0\"\n", `:2:11: "a\x00" has a character that cannot be seen; take it out`},
		"an alias with NUL":   {catalogue, "services:\n  - name: a\n    aliases: [\"\\0\"]\n", `:3:15: "\x00" has a character that cannot be seen`},
		"nested value":        {catalogue, "services:\n  - name: {a: b}\n", `:2:11: this must be a single value`},
		"second document":     {catalogue, "services:\n  - name: a\n---\nkind: Component\n", ":4:1: a Component without `metadata`"},
		"YAML alias":          {catalogue, "services:\n  - &a {name: a}\n  - *a\n", `:3:5: a YAML alias`},
		"merge key":           {catalogue, "services:\n  - &a\n    name: a\n  - <<: *a\n    name: b\n", `a YAML alias`},
		"brackets":            {catalogue, strings.Repeat("[\n", 100000), ":65:1: brackets are nested deeper than 64"},
		"long line":           {catalogue, strings.Repeat("- ", 100000), ":1:1: the line is longer than 16 KiB"},
		"huge":                {catalogue, strings.Repeat("# a comment\n", maxFile/12+1), ": the file is larger than 4 MiB"},
		"rule without a mode": {rules, "rules:\n  - incidents: [a]\n    because: b\n", `:2:5: a rule without "failureMode"`},
		"rule without reason": {rules, "rules:\n  - failureMode: m\n    incidents: [a]\n", `:2:5: a rule without "because"`},
		"rule for all":        {rules, "rules:\n  - failureMode: m\n    service: s\n    because: b\n", `:2:5: this rule would give every incident the failure mode "m"`},
		"bad pattern":         {rules, "rules:\n  - failureMode: m\n    labels: {a: '('}\n    because: b\n", `:3:17: the pattern of label "a" is not a regular expression`},
		"field in rules":      {rules, "rules:\n  - failureMode: m\n    incident: a\n    because: b\n", `:3:5: unknown field "incident"`},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.text)
			err := c.read(path)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s%s", err, path, c.want)
			}
		})
	}
	t.Run("absent", func(t *testing.T) {
		err := catalogue("/nowhere/catalog.yaml")
		if want := "/nowhere/catalog.yaml: cannot be read: no such file or directory; check the path and its permissions"; err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	})
}

// Whatever stands in a file, reading ends, and says where a problem is.
func FuzzRead(f *testing.F) {
	f.Add(simple)
	f.Add(backstage)
	f.Add("rules:\n  - failureMode: m\n    labels: {a: b}\n    because: c\n")
	f.Add("? a\n: - b\n  - !!int c\n--- |\n text\n...\n%YAML 1.2\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := write(t, text)
		if c, _, err := ReadCatalog(path); err == nil {
			for i := 1; i < len(c.Services); i++ {
				if c.Services[i-1].Name >= c.Services[i].Name {
					t.Fatalf("services out of order or twice: %q, %q", c.Services[i-1].Name, c.Services[i].Name)
				}
			}
		}
		if _, err := ReadRules(path); err != nil && !strings.Contains(err.Error(), path) {
			t.Fatalf("the error does not name the file: %v", err)
		}
	})
}

func TestExampleKit(t *testing.T) {
	kit := filepath.Join("..", "..", "deploy", "examples", "dfds")
	c, warnings, err := ReadCatalog(filepath.Join(kit, "catalog.yaml"))
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	rules, err := ReadRules(filepath.Join(kit, "failure-modes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]string{}
	for _, r := range rules {
		if _, known := c.Resolve(r.Service); !known {
			t.Errorf("a rule names the service %q, which the catalogue does not have", r.Service)
		}
		for _, id := range r.Incidents {
			modes[id] = r.FailureMode
		}
		quoted := r.Because[strings.Index(r.Because, "“"):strings.Index(r.Because, "”")]
		if n := len(strings.Fields(quoted)); n > 12 {
			t.Errorf("the quotation for %s has %d words", r.FailureMode, n)
		}
	}
	if modes["PM2021-005"] != modes["PM2021-006"] || modes["PM2019-009"] != modes["PM2019-011"] || modes["PM2021-007"] == modes["PM2021-006"] {
		t.Errorf("the authors' words on recurrence are not kept: %v", modes)
	}
}
