package deploy

import (
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/export"
	"github.com/tuition-hq/tuition/pkg/learning"
)

func promtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(servertest.Promtool(t), args...).CombinedOutput()
	return string(out), err
}

func TestPrometheusAcceptsItsConfiguration(t *testing.T) {
	if out, err := promtool(t, "check", "config", "prometheus/prometheus.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAlertsFireAndStaySilent(t *testing.T) {
	for _, name := range ruleFiles {
		if out, err := promtool(t, "test", "rules", "prometheus/tests/"+name); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// ruleFiles are those of prometheus/rules, each with a file of the same name in prometheus/tests.
var ruleFiles = []string{"pipeline.yml", "watch.yml"}

func TestEveryRuleFileIsTested(t *testing.T) {
	found, err := filepath.Glob("prometheus/rules/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	if !slices.Equal(found, ruleFiles) {
		t.Errorf("rules %q, tested %q", found, ruleFiles)
	}
}

// An alert whose condition can no longer hold must turn its test red.
func TestRuleTestsNoticeADeadAlert(t *testing.T) {
	for _, name := range ruleFiles {
		rules := text(t, "prometheus/rules/"+name)
		for _, alert := range rulesFile(t, name).all() {
			dir := t.TempDir()
			for _, folder := range []string{"rules", "tests"} {
				if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			dead := rulesFile(t, name)
			for g := range dead.Groups {
				for r := range dead.Groups[g].Rules {
					if dead.Groups[g].Rules[r].Alert == alert.Alert {
						dead.Groups[g].Rules[r].Expr = "(" + alert.Expr + ") and vector(0) > 1"
					}
				}
			}
			changed, err := yaml.Marshal(dead)
			if err != nil {
				t.Fatal(err)
			}
			if string(changed) == rules {
				t.Fatal("nothing was changed")
			}
			for path, content := range map[string]string{"rules/": string(changed), "tests/": text(t, "prometheus/tests/"+name)} {
				if err := os.WriteFile(filepath.Join(dir, path+name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if out, err := promtool(t, "test", "rules", filepath.Join(dir, "tests", name)); err == nil || !strings.Contains(out, "FAILED") {
				t.Errorf("%s can be broken and no test notices: %v %s", alert.Alert, err, out)
			}
		}
	}
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

func (f ruleFile) all() []rule {
	var all []rule
	for _, group := range f.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

func rulesFile(t *testing.T, name string) ruleFile {
	t.Helper()
	var file ruleFile
	if err := yaml.Unmarshal([]byte(text(t, "prometheus/rules/"+name)), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.all()) == 0 {
		t.Fatalf("%s has no alerts", name)
	}
	return file
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, name := range ruleFiles {
		all = append(all, rulesFile(t, name).all()...)
	}
	return all
}

func TestEveryAlertHasAFiringAndASilentCase(t *testing.T) {
	firing, silent := map[string]bool{}, map[string]bool{}
	for _, name := range ruleFiles {
		var file struct {
			Tests []struct {
				Cases []struct {
					Alert  string           `yaml:"alertname"`
					Expect []map[string]any `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			} `yaml:"tests"`
		}
		if err := yaml.Unmarshal([]byte(text(t, "prometheus/tests/"+name)), &file); err != nil {
			t.Fatal(err)
		}
		for _, test := range file.Tests {
			for _, one := range test.Cases {
				if len(one.Expect) > 0 {
					firing[one.Alert] = true
				} else {
					silent[one.Alert] = true
				}
			}
		}
	}
	for _, alert := range alerts(t) {
		if !firing[alert.Alert] || !silent[alert.Alert] {
			t.Errorf("%s: fires in a test %v, is silent in a test %v", alert.Alert, firing[alert.Alert], silent[alert.Alert])
		}
		if alert.Annotations["summary"] == "" || alert.Annotations["action"] == "" {
			t.Errorf("%s does not say what is wrong and what to do", alert.Alert)
		}
		if s := alert.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s has severity %q", alert.Alert, s)
		}
	}
}

// declared is what a metric says of itself.
type declared struct{ labels, help string }

// exported are the metrics that tuition declares, by name.
func exported(t *testing.T) map[string]declared {
	t.Helper()
	consumer, err := consume.New(consume.Config{Connection: consume.Connection{Brokers: []string{"127.0.0.1:9092"}}}, nil, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	descriptions := make(chan *prometheus.Desc, 256)
	for _, collector := range []prometheus.Collector{
		consumer.Collector(),
		export.NewCollector(func() (learning.Snapshot, bool) { return learning.Snapshot{}, false }, 0),
	} {
		collector.Describe(descriptions)
	}
	close(descriptions)
	names := map[string]declared{"up": {}}
	for description := range descriptions {
		if match := regexp.MustCompile(`fqName: "([^"]*)", help: "([^"]*)".*variableLabels: \{([^}]*)\}`).FindStringSubmatch(description.String()); match != nil {
			names[match[1]] = declared{strings.ReplaceAll(match[3], ",", ", "), match[2]}
		}
	}
	// Those of the wiring are declared as literals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: …, Help: …}, []string{…}).
	file, err := parser.ParseFile(token.NewFileSet(), "../pkg/app/health.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		if said := literals(call.Args[0]); len(said) == 2 && strings.HasPrefix(said[0], "tuition_") {
			labels := ""
			if len(call.Args) > 1 {
				labels = strings.Join(literals(call.Args[1]), ", ")
			}
			names[said[0]] = declared{labels, said[1]}
		}
		return true
	})
	return names
}

// literals are the texts that stand in an expression.
func literals(within ast.Expr) (texts []string) {
	ast.Inspect(within, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				texts = append(texts, text)
			}
		}
		return true
	})
	return texts
}

func TestRulesUseMetricsThatExist(t *testing.T) {
	names := exported(t)
	metric := regexp.MustCompile(`\b(?:tuition_[a-z_]+|up\b)`)
	for _, file := range ruleFiles {
		for _, match := range regexp.MustCompile(`series: '([a-z_]+)`).FindAllStringSubmatch(text(t, "prometheus/tests/"+file), -1) {
			if _, known := names[match[1]]; !known {
				t.Errorf("the tests of %s have a series %s, which tuition does not export", file, match[1])
			}
		}
	}
	for _, alert := range alerts(t) {
		used := metric.FindAllString(alert.Expr, -1)
		if len(used) == 0 {
			t.Errorf("%s uses no metric", alert.Alert)
		}
		for _, name := range used {
			if _, known := names[name]; !known {
				t.Errorf("%s uses %s, which tuition does not export", alert.Alert, name)
			}
		}
	}
}

func TestAlertmanagerKnowsItsReceiversAndAlerts(t *testing.T) {
	var config struct {
		Route     struct{ Receiver string } `yaml:"route"`
		Receivers []struct{ Name string }   `yaml:"receivers"`
	}
	source := text(t, "alertmanager/alertmanager.yml")
	if err := yaml.Unmarshal([]byte(source), &config); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(config.Receivers, func(r struct{ Name string }) bool { return r.Name == config.Route.Receiver }) {
		t.Errorf("alerts go to %q, which is no receiver", config.Route.Receiver)
	}
	known := map[string]bool{}
	for _, alert := range alerts(t) {
		known[alert.Alert] = true
	}
	for _, name := range regexp.MustCompile(`Tuition\w+`).FindAllString(source, -1) {
		if !known[name] {
			t.Errorf("%s is no alert", name)
		}
	}
}

// The users on a server have the rights of the embedded ones, which tests of every part prove to be enough, but for
// what the embedded admin may on a developer's machine alone; and those that users.sql gives.
func TestServerUsersHaveTheEmbeddedRights(t *testing.T) {
	type grants struct {
		Query []string `xml:"query"`
	}
	var server struct {
		Admin  grants `xml:"users>tuition_admin>grants"`
		Ingest grants `xml:"users>tuition_ingest>grants"`
		Read   grants `xml:"users>tuition_read>grants"`
	}
	if err := xml.Unmarshal([]byte(text(t, "clickhouse/users.d/tuition.xml")), &server); err != nil {
		t.Fatal(err)
	}
	template := text(t, "../pkg/embedded/users.xml.tmpl")
	statements := text(t, "../schemas/clickhouse/users.sql")
	for name, role := range map[string][]string{"Admin": server.Admin.Query, "Ingest": server.Ingest.Query, "Read": server.Read.Query} {
		_, part, found := strings.Cut(template, "<{{."+name+".Name}}>")
		part, _, closed := strings.Cut(part, "</{{."+name+".Name}}>")
		if !found || !closed {
			t.Fatalf("no user %s in the embedded template", name)
		}
		part, _, _ = strings.Cut(part, "<!-- On this machine alone")
		var embedded []string
		for _, match := range regexp.MustCompile(`<query>(.*)</query>`).FindAllStringSubmatch(part, -1) {
			embedded = append(embedded, strings.ReplaceAll(match[1], "tuition*.*", "tuition.*"))
		}
		if len(role) == 0 || !slices.Equal(role, embedded) {
			t.Errorf("%s on a server:\n%s\nembedded:\n%s", name, strings.Join(role, "\n"), strings.Join(embedded, "\n"))
		}
		var given []string
		for _, match := range regexp.MustCompile(`(?m)^(GRANT .*) TO tuition_`+strings.ToLower(name)+`;`).FindAllStringSubmatch(statements, -1) {
			if match[1] != "GRANT REMOTE ON *.*" { // for a cluster; the compose file has none
				given = append(given, match[1])
			}
		}
		if !slices.Equal(role, given) {
			t.Errorf("%s on a server:\n%s\nin users.sql:\n%s", name, strings.Join(role, "\n"), strings.Join(given, "\n"))
		}
	}
	if err := xml.Unmarshal([]byte(text(t, "clickhouse/config.d/tuition.xml")), new(struct{})); err != nil {
		t.Error(err)
	}
	if !strings.Contains(text(t, "clickhouse/users.d/tuition.xml"), `<default remove="remove"/>`) {
		t.Error("the user default is still there")
	}
}
