package dashboards

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/export"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// exported are the names of all metrics that the program gives, as its
// collectors declare them, with the labels of each.
func exported(t *testing.T) map[string]string {
	t.Helper()
	consumer, err := consume.New(consume.Config{Connection: consume.Connection{Brokers: []string{"127.0.0.1:9092"}}}, nil, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	all := []prometheus.Collector{
		consumer.Collector(),
		export.NewCollector(func() (learning.Snapshot, bool) { return learning.Snapshot{}, false }, 0),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}
	descs := make(chan *prometheus.Desc, 256)
	for _, c := range all {
		c.Describe(descs)
	}
	close(descs)
	names := map[string]string{}
	form := regexp.MustCompile(`fqName: "([^"]*)".*variableLabels: \{([^}]*)\}`)
	for d := range descs {
		if m := form.FindStringSubmatch(d.String()); m != nil {
			names[m[1]] = m[2]
		}
	}
	return names
}

func TestPromQLAsksForWhatIsExported(t *testing.T) {
	names := exported(t)
	metric := regexp.MustCompile(`\b(tuition|process)_[a-z_]+`)
	by := regexp.MustCompile(`by \(([^)]*)\)`)
	queries := 0
	each(t, func(t *testing.T, _ dashboard, p panel) {
		for _, q := range p.Targets {
			if q.Expr == "" {
				continue
			}
			queries++
			if strings.Count(q.Expr, "(") != strings.Count(q.Expr, ")") || strings.Count(q.Expr, "[") != strings.Count(q.Expr, "]") {
				t.Errorf("brackets do not match: %s", q.Expr)
			}
			found := metric.FindString(q.Expr)
			histogram := strings.TrimSuffix(found, "_bucket")
			labels, ok := names[histogram]
			if !ok {
				t.Fatalf("%s is not exported", found)
			}
			if counter := strings.HasSuffix(histogram, "_total") || histogram != found; counter != regexp.MustCompile(`(rate|increase)\(`).MatchString(q.Expr) {
				t.Errorf("%s: counters and buckets are read by rate or increase, gauges are not", q.Expr)
			}
			for _, m := range by.FindAllStringSubmatch(q.Expr, -1) {
				for _, label := range strings.Split(m[1], ", ") {
					if label != "le" && !strings.Contains(","+labels+",", ","+label+",") {
						t.Errorf("%s has no label %s (it has %s)", histogram, label, labels)
					}
				}
			}
		}
	})
	if queries < 15 {
		t.Errorf("only %d queries were checked", queries)
	}
}

func TestProvisioning(t *testing.T) {
	var sources struct {
		Datasources []struct {
			UID, Type      string
			JSONData       map[string]any    `yaml:"jsonData"`
			SecureJSONData map[string]string `yaml:"secureJsonData"`
		}
	}
	read(t, "provisioning/datasources/tuition.yml", &sources)
	have := map[string]bool{}
	for _, s := range sources.Datasources {
		have[s.Type] = true
		for name, secret := range s.SecureJSONData {
			if !regexp.MustCompile(`^\$\{[A-Z_]+\}$`).MatchString(secret) {
				t.Errorf("%s: %s stands in the file", s.UID, name)
			}
		}
	}
	for _, d := range dashboards(t) {
		for _, v := range d.Templating.List {
			if v.Type == "datasource" && !have[v.Query] {
				t.Errorf("%s wants a data source of type %s, which is not provisioned", d.UID, v.Query)
			}
		}
	}
	var providers struct {
		Providers []struct{ Options struct{ Path string } }
	}
	read(t, "provisioning/dashboards/tuition.yml", &providers)
	if len(providers.Providers) != 1 || providers.Providers[0].Options.Path == "" {
		t.Errorf("providers %+v, want one with a path", providers)
	}
	manual, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("provisioning/datasources/tuition.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)\}`).FindAllStringSubmatch(string(file), -1) {
		if !strings.Contains(string(manual), "`"+m[1]+"`") {
			t.Errorf("README.md does not name the variable %s", m[1])
		}
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
