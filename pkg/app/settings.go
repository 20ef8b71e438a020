package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Settings is everything that can be set, by one YAML file and by environment
// variables TUITION_…, which win. The doc tags are the documentation: the table
// in the README is made from them and a test keeps it so.
type Settings struct {
	Kafka      KafkaSettings      `yaml:"kafka" envPrefix:"KAFKA_"`
	ClickHouse ClickHouseSettings `yaml:"clickhouse" envPrefix:"CLICKHOUSE_"`
	Analysis   AnalysisSettings   `yaml:"analysis" envPrefix:"ANALYSIS_"`
	Watch      WatchSettings      `yaml:"watch" envPrefix:"WATCH_"`
	Privacy    PrivacySettings    `yaml:"privacy" envPrefix:"PRIVACY_"`
	Web        WebSettings        `yaml:"web" envPrefix:"WEB_"`
	Embedded   EmbeddedSettings   `yaml:"embedded" envPrefix:"EMBEDDED_"`
	Log        LogSettings        `yaml:"log" envPrefix:"LOG_"`

	CatalogFile      string `yaml:"catalog_file" env:"CATALOG_FILE" doc:"services, teams, dependencies and aliases: Backstage catalog-info.yaml entities, or the short form"`
	FailureModesFile string `yaml:"failure_modes_file" env:"FAILURE_MODES_FILE" doc:"rules that give an incident its failure mode by its id or labels"`
	BlamelessRules   string `yaml:"blameless_rules_file" env:"BLAMELESS_RULES_FILE" doc:"your own rules of wording that makes a person the cause, beside those that come with tuition"`
	AdaptersDir      string `yaml:"adapters_dir" env:"ADAPTERS_DIR" doc:"a folder of your own adapters; one with a built-in's name replaces it"`
}

// KafkaSettings says where the events come from.
type KafkaSettings struct {
	Brokers         Addresses       `yaml:"brokers" env:"BROKERS" doc:"host:port of the brokers"`
	Group           string          `yaml:"group" env:"GROUP" doc:"consumer group"`
	EventsTopic     string          `yaml:"events_topic" env:"EVENTS_TOPIC" doc:"topic of the events"`
	DeadLetterTopic string          `yaml:"deadletter_topic" env:"DEADLETTER_TOPIC" doc:"topic for records that can never be read; its records are the originals, so give it limited retention and access"`
	Topics          []TopicSettings `yaml:"topics" doc:"further topics of yours, each with name and adapter (file only)"`
	Partitions      int             `yaml:"partitions" env:"PARTITIONS" doc:"partitions of the events topic when tuition has to create it; its replicas are the broker's default"`
	TLS             TLSSettings     `yaml:"tls" envPrefix:"TLS_"`
	SASL            SASLSettings    `yaml:"sasl" envPrefix:"SASL_"`
	BatchRows       int             `yaml:"batch_rows" env:"BATCH_ROWS" doc:"an insert has at most this many events"`
	BatchBytes      int             `yaml:"batch_bytes" env:"BATCH_BYTES" doc:"a batch in the making that takes this many bytes of memory is sent to ClickHouse in part; the insert goes on"`
	BatchAge        time.Duration   `yaml:"batch_age" env:"BATCH_AGE" doc:"an event waits at most this long for its insert"`
	StopWithin      time.Duration   `yaml:"stop_within" env:"STOP_WITHIN" doc:"on a stop the open batch is finished within this time or left to be read again"`
}

// TopicSettings is one topic of the user's own.
type TopicSettings struct {
	Name    string `yaml:"name"`
	Adapter string `yaml:"adapter"`
}

// TLSSettings encrypts a connection.
type TLSSettings struct {
	Enabled    bool   `yaml:"enabled" env:"ENABLED" doc:"encrypt the connection"`
	CAFile     string `yaml:"ca_file" env:"CA_FILE" doc:"certificate authority, PEM; empty: the system's"`
	CertFile   string `yaml:"cert_file" env:"CERT_FILE" doc:"client certificate, PEM"`
	KeyFile    string `yaml:"key_file" env:"KEY_FILE" doc:"key of the client certificate, PEM"`
	ServerName string `yaml:"server_name" env:"SERVER_NAME" doc:"name the server's certificate must have; empty: the host dialled"`
}

// SASLSettings authenticates to Kafka.
type SASLSettings struct {
	Mechanism    string `yaml:"mechanism" env:"MECHANISM" doc:"empty, plain, scram-sha-256 or scram-sha-512"`
	Username     string `yaml:"username" env:"USERNAME" doc:"user"`
	Password     Secret `yaml:"password" env:"PASSWORD" doc:"password; better password_file"`
	PasswordFile string `yaml:"password_file" env:"PASSWORD_FILE" doc:"file that holds the password"`
}

// ClickHouseSettings says where the events are kept. Three users, each with no
// more than it needs; grants are in schemas/clickhouse/users.sql.
type ClickHouseSettings struct {
	Addresses  Addresses    `yaml:"addresses" env:"ADDRESSES" doc:"host:port of the native protocol"`
	Database   string       `yaml:"database" env:"DATABASE" doc:"database"`
	Cluster    string       `yaml:"cluster" env:"CLUSTER" doc:"cluster name; set, tables are made as Distributed over its shards"`
	Replicated bool         `yaml:"replicated" env:"REPLICATED" doc:"with a cluster: tables are Replicated ones, and an insert is acknowledged by a quorum; the servers need Keeper and the macros {shard} and {replica}. Its statements are tested, replication itself is not"`
	TLS        TLSSettings  `yaml:"tls" envPrefix:"TLS_"`
	Admin      UserSettings `yaml:"admin" envPrefix:"ADMIN_"`
	Ingest     UserSettings `yaml:"ingest" envPrefix:"INGEST_"`
	Read       UserSettings `yaml:"read" envPrefix:"READ_"`
}

// UserSettings is a database user.
type UserSettings struct {
	Username     string `yaml:"username" env:"USERNAME" doc:"user"`
	Password     Secret `yaml:"password" env:"PASSWORD" doc:"password; better password_file"`
	PasswordFile string `yaml:"password_file" env:"PASSWORD_FILE" doc:"file that holds the password"`
}

// PrivacySettings keeps people out of what is stored.
type PrivacySettings struct {
	Redact  string `yaml:"redact" env:"REDACT" doc:"hash: identifiers of people become a keyed hash in everything that is stored; reject: such an event is a dead letter; docs/privacy.md says which"`
	Key     Secret `yaml:"key" env:"KEY" doc:"key of the hash, at least 16 characters; better key_file"`
	KeyFile string `yaml:"key_file" env:"KEY_FILE" doc:"file that holds the key"`
}

// WebSettings serves the pages.
type WebSettings struct {
	Listen string `yaml:"listen" env:"LISTEN" doc:"host:port of the pages, /metrics, /healthz and /readyz"`
}

// EmbeddedSettings choose the ports of the embedded servers.
type EmbeddedSettings struct {
	KafkaPort          int `yaml:"kafka_port" env:"KAFKA_PORT" doc:"port on loopback of the embedded broker; 0: that of the last run on the folder if it is free, else any"`
	ClickHousePort     int `yaml:"clickhouse_port" env:"CLICKHOUSE_PORT" doc:"the same for the embedded engine's native protocol"`
	ClickHouseHTTPPort int `yaml:"clickhouse_http_port" env:"CLICKHOUSE_HTTP_PORT" doc:"the same for its HTTP"`
}

// LogSettings shapes the log on standard error.
type LogSettings struct {
	Level  string `yaml:"level" env:"LEVEL" doc:"debug, info, warn or error"`
	Format string `yaml:"format" env:"FORMAT" doc:"console or json"`
}

// Secret is a setting that is never printed.
type Secret string

// String hides the secret from every formatter.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "(secret)" }

// MarshalText hides the secret from every encoder.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// DefaultSettings are those of a tuition beside a Kafka and a ClickHouse on the same machine.
func DefaultSettings() Settings {
	return Settings{
		Kafka: KafkaSettings{
			Brokers: []string{"127.0.0.1:9092"}, Group: "tuition",
			EventsTopic: "tuition.events", DeadLetterTopic: "tuition.deadletter",
			Partitions: 4,
			BatchRows:  200_000, BatchBytes: 4 << 20, BatchAge: time.Second, StopWithin: 10 * time.Second,
		},
		ClickHouse: ClickHouseSettings{
			Addresses: []string{"127.0.0.1:9000"}, Database: "tuition",
			Admin:  UserSettings{Username: "tuition_admin"},
			Ingest: UserSettings{Username: "tuition_ingest"},
			Read:   UserSettings{Username: "tuition_read"},
		},
		Analysis: AnalysisSettings{
			Interval: 30 * time.Second, AttributionWindow: 24 * time.Hour, MergeWindow: 72 * time.Hour,
			Horizon: 365 * 24 * time.Hour, Stagnation: 180 * 24 * time.Hour, Verdicts: defaultVerdictSettings(),
		},
		Watch:   WatchSettings{Alpha: 0.05, Scopes: []string{"organisation", "team", "service"}},
		Privacy: PrivacySettings{Redact: "hash"},
		Web:     WebSettings{Listen: "127.0.0.1:8321"},
		Log:     LogSettings{Level: "info", Format: "console"},
	}
}

// Addresses is a list of host:port.
type Addresses []string

// UnmarshalYAML also takes what a host:port without quotes becomes inside
// {braces}, where the library reads it as an object of one key.
func (a *Addresses) UnmarshalYAML(unmarshal func(any) error) error {
	var list []any
	if err := unmarshal(&list); err != nil {
		return errors.New("a list of host:port is needed, each on its own line after a dash, or [\"host:port\"]")
	}
	*a = nil
	for _, element := range list {
		switch v := element.(type) {
		case string:
			*a = append(*a, v)
		case map[string]any:
			for host, port := range v {
				*a = append(*a, fmt.Sprintf("%s:%v", host, port))
			}
		default:
			return errors.New("a host:port is needed; write it in quotes")
		}
	}
	return nil
}

const settingsMaxBytes = 1 << 20

// LoadSettings reads the file (none if path is empty), then the environment,
// then the files that hold secrets, and checks the whole. The error says which
// file and line, or which variable, is wrong and what it may be.
func LoadSettings(path string, environ []string) (Settings, error) {
	s := DefaultSettings()
	if path != "" {
		if err := readSettingsFile(path, &s); err != nil {
			return s, err
		}
	}
	if err := readEnvironment(environ, &s); err != nil {
		return s, err
	}
	if err := s.readSecretFiles(); err != nil {
		return s, err
	}
	return s, s.Validate()
}

func readSettingsFile(path string, s *Settings) error {
	text, err := readSmallFile(path)
	if err != nil {
		return fmt.Errorf("settings file %w; give another one with --settings", err)
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil
	}
	if err := yaml.UnmarshalWithOptions(text, s, yaml.Strict()); err != nil {
		// The library's message shows the lines around the fault; a settings file
		// holds passwords, so only the first line (position and reason) is kept.
		reason := firstLine(yaml.FormatError(err, false, false))
		if _, after, found := strings.Cut(reason, "unknown field \""); found {
			name, _, _ := strings.Cut(after, "\"")
			reason += didYouMean(name, settingNames())
		}
		reason = plainReason(reason)
		if !strings.HasPrefix(reason, "[") {
			reason = placeOf(text) + reason
		}
		return fmt.Errorf("settings file %s: %s; `tuition check --help` lists the settings", path, reason)
	}
	if place := fraction(text); place != "" {
		return fmt.Errorf("settings file %s: %sa whole number is needed here", path, place)
	}
	return nil
}

// readSmallFile reads a regular file of bounded size: a pipe would wait and a device never end.
func readSmallFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	}
	if !info.Mode().IsRegular() || info.Size() > settingsMaxBytes {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, settingsMaxBytes)
	}
	return os.ReadFile(path)
}

// placeOf gives the line and name of the first setting that cannot be read by
// itself: the library gives neither for durations and what reads itself.
func placeOf(text []byte) (place string) {
	eachNode(text, func(setting Setting, node ast.Node) bool {
		if yaml.NodeToValue(node, reflect.New(setting.kind).Interface()) == nil {
			return true
		}
		if pairs, is := node.(*ast.MappingNode); is && setting.kind.Kind() == reflect.Map {
			for _, pair := range pairs.Values {
				if yaml.NodeToValue(pair.Value, reflect.New(setting.kind.Elem()).Interface()) != nil {
					node = pair.Value
					break
				}
			}
		}
		place = placed(setting, node)
		return false
	})
	return place
}

// fraction gives the line and name of the first whole number that is none: the library
// cuts it off without a word.
func fraction(text []byte) (place string) {
	eachNode(text, func(setting Setting, node ast.Node) bool {
		if _, is := node.(*ast.FloatNode); is && setting.kind.Kind() >= reflect.Int && setting.kind.Kind() <= reflect.Uint64 {
			place = placed(setting, node)
		}
		return place == ""
	})
	return place
}

func placed(setting Setting, node ast.Node) string {
	at := node.GetToken().Position
	return fmt.Sprintf("[%d:%d] setting %s: ", at.Line, at.Column, setting.Name)
}

// eachNode goes through the settings that a file has until it is told to stop.
func eachNode(text []byte, do func(Setting, ast.Node) (on bool)) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return
	}
	for _, setting := range Documentation() {
		path, err := yaml.PathString("$." + setting.Name)
		if err != nil {
			continue
		}
		if node, err := path.FilterFile(file); err == nil && node != nil && !do(setting, node) {
			return
		}
	}
}

var (
	wrongKind     = regexp.MustCompile(`cannot unmarshal .+ into Go struct field \S+ of type (\S+)`)
	wrongShape    = regexp.MustCompile(`\w+ was used where (sequence|mapping) is expected`)
	wrongDuration = regexp.MustCompile(`time: .*duration "`)
)

// plainReason says of a value that cannot be read what is needed in its place:
// the library names the types of its own.
func plainReason(reason string) string {
	if wrongDuration.MatchString(reason) {
		return kinds[reflect.TypeFor[time.Duration]()] + ", is needed where there is " + reason[strings.LastIndex(reason, "duration ")+len("duration "):]
	}
	if found := wrongKind.FindStringSubmatch(reason); found != nil {
		for kind, words := range kinds {
			if kind.String() == found[1] {
				return strings.Replace(reason, found[0], words+", is needed here", 1)
			}
		}
		if found[1] == "string" || found[1] == "app.Secret" {
			return strings.Replace(reason, found[0], "one text is needed here, in quotes if it has : or #", 1)
		}
	}
	if found := wrongShape.FindStringSubmatch(reason); found != nil {
		means := "a list is needed here, such as [one, two]"
		if found[1] == "mapping" {
			means = "settings are needed here, each as name: value"
		}
		return strings.Replace(reason, found[0], means, 1)
	}
	return reason
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func readEnvironment(environ []string, s *Settings) error {
	variables := env.ToMap(environ)
	options := env.Options{Prefix: "TUITION_", Environment: variables}
	params, err := env.GetFieldParamsWithOptions(s, options)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	var names []string
	for _, p := range params {
		known[p.Key] = true
		names = append(names, p.Key)
	}
	var unknown []string
	for name := range variables {
		if strings.HasPrefix(name, "TUITION_") && !known[name] && !reserved(name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("environment variable %s is not a setting%s; `tuition check --help` lists them", strings.Join(unknown, ", "), didYouMean(unknown[0], names))
	}
	for _, setting := range Documentation() {
		if value := variables[setting.Variable]; value != "" && !setting.takes(value) {
			return fmt.Errorf("environment variable %s is not %s", setting.Variable, kinds[setting.kind])
		}
	}
	if err := env.ParseWithOptions(s, options); err != nil {
		return fmt.Errorf("environment: %s; `tuition check --help` lists the settings", hideValues(err, variables))
	}
	return nil
}

// reserved variables belong to the embedded engine and the tests.
func reserved(name string) bool {
	for _, prefix := range []string{"TUITION_ENGINE_", "TUITION_TEST_", "TUITION_CHILD", "TUITION_SHARED", "TUITION_LONG"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// hideValues takes the values of variables out of a parser's message: one may be a secret.
func hideValues(err error, variables map[string]string) string {
	text := err.Error()
	for name, value := range variables {
		if strings.HasPrefix(name, "TUITION_") && len(value) > 2 {
			text = strings.ReplaceAll(text, value, "…")
		}
	}
	return text
}

func (s *Settings) readSecretFiles() error {
	secrets := []struct {
		name, file string
		into       *Secret
	}{
		{"kafka.sasl.password_file", s.Kafka.SASL.PasswordFile, &s.Kafka.SASL.Password},
		{"clickhouse.admin.password_file", s.ClickHouse.Admin.PasswordFile, &s.ClickHouse.Admin.Password},
		{"clickhouse.ingest.password_file", s.ClickHouse.Ingest.PasswordFile, &s.ClickHouse.Ingest.Password},
		{"clickhouse.read.password_file", s.ClickHouse.Read.PasswordFile, &s.ClickHouse.Read.Password},
		{"privacy.key_file", s.Privacy.KeyFile, &s.Privacy.Key},
	}
	for _, secret := range secrets {
		if secret.file == "" {
			continue
		}
		text, err := readSmallFile(secret.file)
		if err != nil {
			return fmt.Errorf("setting %s: %w", secret.name, err)
		}
		*secret.into = Secret(strings.TrimRight(string(text), "\r\n"))
	}
	return nil
}

// Validate says which setting is out of its range and what it may be.
func (s *Settings) Validate() error {
	var faults []error
	fault := func(ok bool, name, want string) {
		if !ok {
			faults = append(faults, fmt.Errorf("setting %s: %s", name, want))
		}
	}
	addresses := func(name string, list []string) {
		fault(len(list) > 0, name, "at least one host:port is needed")
		for _, a := range list {
			_, port, err := net.SplitHostPort(a)
			fault(err == nil && port != "", name, fmt.Sprintf("%q is not host:port", a))
		}
	}
	oneOf := func(name, value string, words ...string) {
		fault(slices.Contains(words, value), name, fmt.Sprintf("%q is not one of %q", value, words))
	}
	addresses("kafka.brokers", s.Kafka.Brokers)
	addresses("clickhouse.addresses", s.ClickHouse.Addresses)
	addresses("web.listen", []string{s.Web.Listen})
	taken := map[int]string{}
	for _, p := range []struct {
		name string
		port int
	}{
		{"embedded.kafka_port", s.Embedded.KafkaPort},
		{"embedded.clickhouse_port", s.Embedded.ClickHousePort},
		{"embedded.clickhouse_http_port", s.Embedded.ClickHouseHTTPPort},
	} {
		fault(p.port >= 0 && p.port <= 65535, p.name, "0 to 65535")
		fault(p.port == 0 || taken[p.port] == "", p.name, "another port than "+taken[p.port])
		taken[p.port] = p.name
	}
	fault(s.Kafka.Group != "", "kafka.group", "a name is needed")
	fault(s.Kafka.EventsTopic != "", "kafka.events_topic", "a name is needed")
	fault(s.Kafka.DeadLetterTopic != "" && s.Kafka.DeadLetterTopic != s.Kafka.EventsTopic, "kafka.deadletter_topic", "a name other than events_topic is needed")
	for i, t := range s.Kafka.Topics {
		fault(t.Name != "" && t.Adapter != "", fmt.Sprintf("kafka.topics[%d]", i), "name and adapter are needed")
	}
	fault(s.Kafka.Partitions >= 1 && s.Kafka.Partitions <= 10_000, "kafka.partitions", "1 to 10000")
	fault(s.Kafka.BatchRows >= 1 && s.Kafka.BatchRows <= 1_000_000, "kafka.batch_rows", "1 to 1000000")
	fault(s.Kafka.BatchBytes >= 1<<16 && s.Kafka.BatchBytes <= 64<<20, "kafka.batch_bytes", "65536 to 67108864")
	fault(s.Kafka.BatchAge >= 10*time.Millisecond && s.Kafka.BatchAge <= time.Hour, "kafka.batch_age", "10ms to 1h")
	fault(s.Kafka.StopWithin >= time.Second && s.Kafka.StopWithin <= 10*time.Minute, "kafka.stop_within", "1s to 10m")
	oneOf("kafka.sasl.mechanism", s.Kafka.SASL.Mechanism, "", "plain", "scram-sha-256", "scram-sha-512")
	fault(databaseName(s.ClickHouse.Database), "clickhouse.database", "letters, digits and _, not starting with a digit")
	fault(!s.ClickHouse.Replicated || s.ClickHouse.Cluster != "", "clickhouse.replicated", "only with clickhouse.cluster")
	fault(s.ClickHouse.Cluster == "" || databaseName(s.ClickHouse.Cluster), "clickhouse.cluster", "letters, digits and _, not starting with a digit")
	s.Analysis.validate(fault)
	s.Watch.validate(fault)
	oneOf("privacy.redact", s.Privacy.Redact, "hash", "reject")
	fault(s.Privacy.Key == "" || len(s.Privacy.Key) >= 16, "privacy.key", "at least 16 characters")
	oneOf("log.level", s.Log.Level, "debug", "info", "warn", "error")
	oneOf("log.format", s.Log.Format, "console", "json")
	return errors.Join(faults...)
}

func databaseName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
