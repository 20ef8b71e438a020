// Package app is the only wiring: it reads the settings, opens the servers,
// hands each part what it needs and stops them in reverse order. No SQL, no
// statistics live here; of what it prints there is only the progress of long work.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tuition-hq/tuition/pkg/blameless"
	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/embedded"
	"github.com/tuition-hq/tuition/pkg/store"
)

// ErrUsage marks errors of wrong use: a setting, file, flag or query that the
// caller has to mend. The command exits with 2 for them.
var ErrUsage = errors.New("wrong use")

type usageError struct{ error }

func (usageError) Is(target error) bool { return target == ErrUsage }
func (e usageError) Unwrap() error      { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// Options say where a session's settings and servers are.
type Options struct {
	SettingsFile string   // "" for none
	Embedded     string   // folder of the embedded servers; "" for those of the settings
	Environ      []string // as os.Environ
	Stderr       io.Writer
}

// Session is one command's hold on the settings and the servers.
type Session struct {
	settings Settings
	embedded string
	stderr   io.Writer
	log      *zap.Logger
	catalog  *catalog.Catalog // nil if none is named
	rules    []catalog.Rule
	wording  *blameless.Checker
	warnings []string
	services *embedded.Services
	stops    []stop
}

// stop closes one resource; stops run in reverse order of opening.
type stop struct {
	name  string
	close func(context.Context) error
}

const closeWithin = 30 * time.Second

// Plan reads and checks everything and starts nothing.
func Plan(o Options) (*Session, error) {
	settings, err := LoadSettings(o.SettingsFile, o.Environ)
	if err != nil {
		return nil, usage(err)
	}
	s := &Session{settings: settings, embedded: o.Embedded, stderr: o.Stderr, log: newLog(settings.Log, o.Stderr)}
	return s, usage(s.readFiles())
}

func (s *Session) readFiles() error {
	var faults []error
	note := func(problems []catalog.Problem, err error) {
		for _, p := range problems {
			s.warnings = append(s.warnings, p.Error())
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	if s.settings.CatalogFile != "" {
		read, problems, err := catalog.ReadCatalog(s.settings.CatalogFile)
		s.catalog = &read
		note(problems, err)
	}
	if s.settings.FailureModesFile != "" {
		read, err := catalog.ReadRules(s.settings.FailureModesFile)
		s.rules = read
		note(nil, err)
	}
	var err error
	s.wording, err = loadWording(s.settings.BlamelessRules)
	note(nil, err)
	for _, t := range s.settings.Kafka.Topics {
		if _, err := loadAdapter(t.Adapter, s.settings.AdaptersDir); err != nil {
			faults = append(faults, fmt.Errorf("topic %s: %w", t.Name, err))
		}
	}
	return errors.Join(faults...)
}

// Open is Plan, then the embedded servers are started or joined if asked for.
// Close must be called.
func Open(ctx context.Context, o Options) (*Session, error) {
	s, err := Plan(o)
	if err != nil {
		return nil, err
	}
	if s.embedded == "" {
		return s, nil
	}
	services, err := embedded.Start(ctx, embedded.Options{
		Dir: s.embedded, Log: s.log,
		KafkaPort: s.settings.Embedded.KafkaPort, TCPPort: s.settings.Embedded.ClickHousePort, HTTPPort: s.settings.Embedded.ClickHouseHTTPPort,
	})
	if err != nil {
		return nil, embeddedFault(err)
	}
	s.services = services
	s.onStop("embedded servers", services.Stop)
	if err := s.useEmbedded(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func embeddedFault(err error) error {
	var missing *embedded.MissingEngineError
	var library *embedded.EngineLibraryError
	var inUse *embedded.InUseError
	var port *embedded.PortTakenError
	var folder *embedded.FolderError
	if errors.As(err, &folder) || errors.As(err, &missing) || errors.As(err, &library) || errors.As(err, &inUse) || errors.As(err, &port) {
		return usage(err)
	}
	return err
}

// watchEmbedded returns when the context ends, or with an error when the embedded
// engine has ended for good: nothing works without it.
func (s *Session) watchEmbedded(ctx context.Context) error {
	if s.services == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.services.Done():
		return fmt.Errorf("the embedded engine ended: see %s", s.services.EngineLog())
	}
}

// useEmbedded points the settings at the embedded servers.
func (s *Session) useEmbedded(ctx context.Context) error {
	e := s.services
	s.settings.Kafka.Brokers = e.Brokers
	s.settings.Kafka.TLS, s.settings.Kafka.SASL = TLSSettings{}, SASLSettings{}
	ch := &s.settings.ClickHouse
	ch.Addresses, ch.Database, ch.Cluster, ch.Replicated, ch.TLS = []string{e.ClickHouseAddr}, e.Database, "", false, TLSSettings{}
	ch.Admin = UserSettings{Username: e.Admin.Name, Password: Secret(e.Admin.Password)}
	ch.Ingest = UserSettings{Username: e.Ingest.Name, Password: Secret(e.Ingest.Password)}
	ch.Read = UserSettings{Username: e.Read.Name, Password: Secret(e.Read.Password)}
	if s.settings.Privacy.Key != "" {
		return nil
	}
	key, err := s.folderKey(ctx, filepath.Join(s.embedded, "privacy.key"))
	s.settings.Privacy.Key = key
	return err
}

func (s *Session) onStop(name string, close func(context.Context) error) {
	s.stops = append(s.stops, stop{name, close})
}

// Close stops everything that was opened, the last first, within a bound.
func (s *Session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	var faults []error
	for i := len(s.stops) - 1; i >= 0; i-- {
		if err := s.stops[i].close(ctx); err != nil {
			faults = append(faults, fmt.Errorf("stop %s: %w", s.stops[i].name, err))
		}
	}
	s.stops = nil
	return errors.Join(faults...)
}

// openStore connects as one of the database users. It does not dial yet.
func (s *Session) openStore(ctx context.Context, user UserSettings) (*store.Store, error) {
	ch := s.settings.ClickHouse
	tls, err := ch.TLS.tls().Config()
	if err != nil {
		return nil, usage(fmt.Errorf("setting clickhouse.tls: %w", err))
	}
	st, err := store.Open(ctx, store.Config{
		Addrs: ch.Addresses, Database: ch.Database, Cluster: ch.Cluster, Replicated: ch.Replicated, TLS: tls,
		Username: user.Username, Password: string(user.Password), ReadOnly: user == ch.Read && user != ch.Ingest,
	}, s.log)
	if err != nil {
		return nil, err
	}
	s.onStop("ClickHouse connection", func(context.Context) error { return st.Close() })
	return st, nil
}

func newLog(l LogSettings, w io.Writer) *zap.Logger {
	level, _ := zapcore.ParseLevel(l.Level) // Validate has checked it
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.RFC3339TimeEncoder
	encoder := zapcore.NewJSONEncoder(config)
	if l.Format == "console" {
		config.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(config)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level))
}

// Version is the module's version, with the commit where the build knows it.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
