package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
		{"wrong type", "kafka:\n  batch_rows: many\n", "", "[2:"},
		{"no port", "kafka:\n  brokers: [localhost]\n", "", `kafka.brokers: "localhost" is not host:port`},
		{"out of range", "kafka:\n  batch_bytes: 1\n", "", "kafka.batch_bytes: 65536 to 67108864"},
		{"not a database", "clickhouse:\n  database: a;drop\n", "", "clickhouse.database: letters"},
		{"short key", "privacy:\n  key: abc\n", "", "privacy.key: at least 16 characters"},
		{"unknown variable", "", "TUITION_KAFKA_BROKER=a:1", "TUITION_KAFKA_BROKER is not a setting"},
		{"variable of wrong type", "", "TUITION_KAFKA_BATCH_ROWS=hunter2", "batch"},
		{"missing secret", "privacy:\n  key_file: /nowhere\n", "", "privacy.key_file: open /nowhere"},
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

func TestReadmeDocumentsEverySetting(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Documentation() {
		if s.Doc == "" && s.Name != "kafka.topics" {
			t.Errorf("setting %s has no doc", s.Name)
		}
		if row := s.Row(); !strings.Contains(string(readme), row) {
			t.Errorf("README lacks this row:\n%s", row)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
