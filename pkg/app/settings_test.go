package app

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

func TestSettingsFileThenEnvironmentThenSecretFiles(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	file := filepath.Join(dir, "tuition.yaml")
	write(t, secret, "from-a-file\n")
	write(t, file, "kafka:\n  brokers: [a:1, b:2]\n  batch_age: 2s\nclickhouse:\n  ingest:\n    password_file: "+secret+"\n")
	s, err := LoadSettings(file, []string{"TUITION_KAFKA_BROKERS=c:3", "TUITION_ANALYSIS_MERGE_WINDOW=48h"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Kafka.Brokers, ","); got != "c:3" {
		t.Errorf("brokers %q: the environment must win", got)
	}
	if s.Kafka.BatchAge != 2*time.Second || s.Analysis.MergeWindow != 48*time.Hour || s.Kafka.Group != "tuition" {
		t.Errorf("file, environment or default lost: %+v", s.Kafka)
	}
	if string(s.ClickHouse.Ingest.Password) != "from-a-file" {
		t.Error("password_file was not read")
	}
}

func TestSettingsErrorsSayWhatAndWhere(t *testing.T) {
	dir := t.TempDir()
	tests := []struct{ name, file, environ, want string }{
		{"unknown key", "kafka:\n  broker: [a:1]\n", "", "[2:3] unknown field \"broker\""},
		{"near key", "kafka:\n  broker: [a:1]\n", "", "did you mean \"brokers\"?"},
		{"no list of brokers", "kafka: {brokers: 7}\n", "", "[1:18] setting kafka.brokers: a list of host:port is needed"},
		{"duration", "", "TUITION_KAFKA_BATCH_AGE=hunter2", "environment variable TUITION_KAFKA_BATCH_AGE is not a duration, such as"},
		{"switch", "", "TUITION_KAFKA_TLS_ENABLED=hunter2", "TUITION_KAFKA_TLS_ENABLED is not true or false"},
		{"near variable", "", "TUITION_KAFKA_BROKER=a:1", "did you mean \"TUITION_KAFKA_BROKERS\"?"},
		{"wrong type", "kafka:\n  batch_rows: many\n", "", "[2:15] a whole number, such as 1000, is needed here"},
		{"share in words", "watch: {alpha: 5%}\n", "", "a number, such as 250000, is needed here"},
		{"days", "analysis: {horizon: 365d}\n", "", `[1:21] setting analysis.horizon: a duration, such as 500ms, 1s, 5m or 24h, is needed where there is "365d"`},
		{"no unit", "analysis: {horizon: 30}\n", "", "a duration, such as 500ms, 1s, 5m or 24h, is needed here"},
		{"one word for a list", "watch: {scopes: team}\n", "", "a list is needed here, such as [one, two]"},
		{"no port", "kafka:\n  brokers: [localhost]\n", "", `kafka.brokers: "localhost" is not host:port`},
		{"out of range", "kafka:\n  batch_bytes: 1\n", "", "kafka.batch_bytes: 65536 to 67108864"},
		{"not a database", "clickhouse:\n  database: a;drop\n", "", "clickhouse.database: letters"},
		{"short key", "privacy:\n  key: abc\n", "", "privacy.key: at least 16 characters"},
		{"unknown variable", "", "TUITION_KAFKA_BROKER=a:1", "TUITION_KAFKA_BROKER is not a setting"},
		{"half a partition", "kafka:\n  batch_rows: 2000\n  partitions: 1.5\n", "", "[3:15] setting kafka.partitions: a whole number is needed here"},
		{"variable of wrong type", "", "TUITION_KAFKA_BATCH_ROWS=hunter2", "TUITION_KAFKA_BATCH_ROWS is not a whole number"},
		{"missing secret", "privacy:\n  key_file: /nowhere\n", "", "privacy.key_file: /nowhere"},
		{"currency", "analysis:\n  currency: euro\n", "", "analysis.currency: three capital letters"},
		{"rate without a currency", "analysis:\n  exchange_rates: {USD: 0.9}\n", "", "analysis.exchange_rates.USD: a rate is worth something only in a currency: set analysis.currency too"},
		{"rate that is no number", "analysis:\n  currency: EUR\n  exchange_rates: [USD]\n", "", "[3:19] setting analysis.exchange_rates: a number for each currency is needed"},
		{"rate in words", "analysis:\n  currency: EUR\n  exchange_rates:\n    GBP: 1.17\n    USD: some\n", "", "[5:10] setting analysis.exchange_rates: a number for each currency is needed"},
		{"list for a text", "privacy:\n  key: [a]\n", "", "[2:8] one text is needed here"},
		{"number for settings", "kafka: 3\n", "", "[1:8] settings are needed here, each as name: value"},
		{"rate of itself", "analysis:\n  currency: EUR\n  exchange_rates: {EUR: 1}\n", "", "analysis.exchange_rates.EUR: this is the currency itself"},
		{"rate of nothing", "analysis:\n  currency: EUR\n  exchange_rates: {USD: 0}\n", "", "analysis.exchange_rates.USD: a number above 0"},
		{"rates that are none", "", "TUITION_ANALYSIS_EXCHANGE_RATES=hunter2", "TUITION_ANALYSIS_EXCHANGE_RATES is not a list of currencies and rates, such as USD:0.92"},
		{"cap without a currency", "analysis:\n  cost_cap: 10\n", "", "analysis.cost_cap: a cap is worth something only in a currency"},
		{"cap below nothing", "analysis:\n  currency: EUR\n  cost_cap: -1\n", "", "analysis.cost_cap: 0 (none) to 1e15"},
		{"cap that is no number", "", "TUITION_ANALYSIS_COST_CAP=hunter2", "TUITION_ANALYSIS_COST_CAP is not a number"},
		{"horizon", "analysis:\n  horizon: 1h\n", "", "analysis.horizon: 24h to 87600h"},
		{"stagnation", "", "TUITION_ANALYSIS_STAGNATION=100000h", "analysis.stagnation: 24h to 87600h"},
		{"alpha", "watch:\n  alpha: 0.5\n", "", "watch.alpha: 0.001 to 0.2"},
		{"alpha in words", "", "TUITION_WATCH_ALPHA=small", "TUITION_WATCH_ALPHA is not a number"},
		{"baseline", "watch:\n  baseline_start: spring\n", "", "watch.baseline_start: empty, or a date like 2025-01-06"},
		{"watched scope", "", "TUITION_WATCH_SCOPES=team,company", `watch.scopes: "company" is not one of organisation, team, service`},
		{"target of what", "watch:\n  targets: [{what: outages, clock: days, rate: 2}]\n", "", `watch.targets[0].what: "outages" is not uncontained or told_by_customer`},
		{"target of nothing", "watch:\n  targets: [{what: uncontained, clock: days}]\n", "", "watch.targets[0].rate: above 0"},
		{"target of a scope", "watch:\n  targets: [{what: uncontained, clock: days, rate: 2, scope: 'org:x'}]\n", "", `watch.targets[0].scope: "org:x" is not organisation, team:NAME or service:NAME`},
		{"two targets", "watch:\n  targets: [{what: uncontained, clock: days, rate: 2}, {what: uncontained, clock: deploys, rate: 2}]\n", "", "watch.targets[1]: another target is stated"},
		{"bad as_of", "analysis:\n  as_of: tomorrow\n", "", "analysis.as_of: empty, log, or a date"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := ""
			if tt.file != "" {
				path = filepath.Join(dir, strings.ReplaceAll(tt.name, " ", "-")+".yaml")
				write(t, path, tt.file)
			}
			_, err := LoadSettings(path, []string{tt.environ})
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.want)) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the value: %v", err)
			}
		})
	}
}

// What numbers of money need reaches the estimators, from the file and from the environment.
func TestSettingsOfCosts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tuition.yaml")
	write(t, file, "analysis:\n  currency: EUR\n  exchange_rates: {USD: 0.92, GBP: 1.17}\n  cost_cap: 2.5e6\n  horizon: 4380h\n  stagnation: 2160h\n")
	fromFile, err := LoadSettings(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	fromEnvironment, err := LoadSettings("", []string{
		"TUITION_ANALYSIS_CURRENCY=EUR", "TUITION_ANALYSIS_EXCHANGE_RATES=USD:0.92, GBP:1.17", "TUITION_ANALYSIS_COST_CAP=2500000",
		"TUITION_ANALYSIS_HORIZON=4380h", "TUITION_ANALYSIS_STAGNATION=2160h",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Settings{fromFile, fromEnvironment} {
		got := (&Session{settings: s}).learningSettings()
		if got.Currency != "EUR" || len(got.ExchangeRates) != 2 || got.ExchangeRates["GBP"] != 1.17 || got.CostCap != 2.5e6 ||
			got.Horizon != 4380*time.Hour || got.Stagnation != 2160*time.Hour {
			t.Errorf("got %+v", got)
		}
		if got.Hash() == learning.DefaultSettings().Hash() {
			t.Error("other settings, the same numbers")
		}
	}
}

// Whichever way YAML allows to write a list of host:port.
func TestAddressesInEveryForm(t *testing.T) {
	for _, text := range []string{
		"kafka: {brokers: [127.0.0.1:9092, kafka-2:9093]}\n",
		"kafka: {brokers: [\"127.0.0.1:9092\", 'kafka-2:9093']}\n",
		"kafka:\n  brokers: [127.0.0.1:9092, kafka-2:9093]\n",
		"kafka:\n  brokers:\n    - 127.0.0.1:9092\n    - kafka-2:9093\n",
	} {
		file := filepath.Join(t.TempDir(), "tuition.yaml")
		write(t, file, text)
		s, err := LoadSettings(file, nil)
		if err != nil || strings.Join(s.Kafka.Brokers, ",") != "127.0.0.1:9092,kafka-2:9093" {
			t.Errorf("%s gave %v, %v", text, s.Kafka.Brokers, err)
		}
	}
}

// Every relative link of the documents leads somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join("..", "..", m[1])); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
			}
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	s := DefaultSettings()
	s.Kafka.SASL.Password, s.Privacy.Key = "hunter2-hunter2", "hunter2-hunter2"
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(asJSON), fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s.Kafka.SASL.Password)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("a secret is shown: %.60s…", text)
		}
	}
}

// TestReadmeSettings reads the README's own example.
func TestReadmeSettings(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README has no example of settings")
	}
	dir := t.TempDir()
	secret, file := filepath.Join(dir, "secret"), filepath.Join(dir, "tuition.yaml")
	write(t, secret, "0123456789abcdef")
	var lines []string
	for line := range strings.Lines(example) {
		if before, _, secretFile := strings.Cut(line, "_file: /run/secrets"); secretFile {
			line = before + "_file: " + secret
			if strings.Contains(before, "{") {
				line += "}"
			}
			line += "\n"
		}
		lines = append(lines, line)
	}
	write(t, file, strings.Join(lines, ""))
	s, err := LoadSettings(file, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(lines, ""))
	}
	if len(s.Kafka.Brokers) != 2 || s.Kafka.SASL.Password == "" || !s.ClickHouse.TLS.Enabled {
		t.Errorf("got %+v", s)
	}
}

var update = flag.Bool("update", false, "rewrite the tables of the documents")

// TestDocumentTables keeps the settings of the README and docs/metrics.md those of the code.
func TestDocumentTables(t *testing.T) {
	var settings, metrics []string
	for _, s := range Documentation() {
		if s.Doc == "" {
			t.Errorf("setting %s has no doc", s.Name)
		}
		settings = append(settings, s.Row())
	}
	for _, m := range learning.Metrics {
		cell := func(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
		metrics = append(metrics, fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s |", m.Name, m.Unit, cell(m.Definition), cell(m.Formula), cell(m.Source), cell(m.Minimum)))
	}
	table(t, "README.md", "| setting | variable | default | meaning |", settings)
	table(t, filepath.Join("docs", "metrics.md"), "| metric | unit | what it is | estimator | source | needs |", metrics)
}

func table(t *testing.T, name, header string, rows []string) {
	t.Helper()
	path := filepath.Join("..", "..", name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), header+"\n")
	if !found {
		t.Fatalf("%s has no table %q", name, header)
	}
	rule, rest, _ := strings.Cut(rest, "\n")
	old := strings.Builder{}
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		old.WriteString(line)
	}
	want := strings.Join(rows, "\n") + "\n"
	switch {
	case old.String() == want:
	case *update:
		write(t, path, before+header+"\n"+rule+"\n"+want+strings.TrimPrefix(rest, old.String()))
	default:
		t.Errorf("%s: the table is not the code's: go test ./pkg/app -run DocumentTables -update", name)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
