// Package embedded runs a Kafka broker and a ClickHouse engine for one machine, on one folder, so that tuition can be
// tried and used with nothing else installed.
//
// Deliberately narrow: one node each, loopback only, Linux and macOS. Whoever can act as the user that owns the folder
// can read the passwords in it, and the broker asks for none: any local user can reach it, as with any loopback port.
// For more than one machine, point tuition at real servers; the code that talks to them is the same.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"
)

// Database is the ClickHouse database of the embedded engine. Its users may also use others whose name starts so.
const Database = "tuition"

const (
	joinPatience  = 10 * time.Second // for one that is starting or ending on the same folder
	startPatience = 60 * time.Second // for an engine that has much to load
	portAttempts  = 3                // a port that was free may be taken before the engine has it
)

// Options say where and how to run. The zero value of all but Dir is good.
type Options struct {
	Dir       string // made if missing, readable by its owner only
	KafkaPort int    // 0: the one of the last run on Dir if it is free, else any
	TCPPort   int    // ClickHouse native protocol; 0 as above
	HTTPPort  int    // ClickHouse HTTP; 0 as above
	EngineLib string // path of libchdb.so; empty: $TUITION_ENGINE_LIB, clickhouse on PATH, or the installed package
	Cluster   *Cluster
	Log       *zap.Logger
}

// Cluster makes several engines know each other, each on its own folder, as shards.
type Cluster struct {
	Name   string // an XML name
	Secret string // engines that share it trust each other's users
	Shards []Shard
	Shard  int // which of Shards this engine is, from 1
}

// Shard is the native address of one engine.
type Shard struct {
	Host string
	Port int
}

// User is a ClickHouse login.
type User struct{ Name, Password string }

// Services are a running broker and engine.
type Services struct {
	Dir            string
	Brokers        []string // Kafka bootstrap addresses
	ClickHouseAddr string   // host:port of the native protocol
	ClickHouseHTTP string   // http://host:port
	Database       string
	Admin          User // creates and alters tables
	Ingest         User // reads and inserts
	Read           User // reads, with limits it may change
	Joined         bool // they run in another process; Stop leaves them alone

	folder *folder
	broker *kfake.Cluster

	mu      sync.Mutex // guards the two below
	engine  *engine    // the one that runs now, or the last one
	stopped bool

	life  context.Context // ends with Stop
	end   context.CancelFunc
	ended chan struct{} // closed when no engine runs nor will; nil for services of another process
}

// Start runs the broker and the engine on opts.Dir, or joins those that already run there. It returns when both answer.
//
// Errors to tell apart: [*MissingEngineError], [*EngineLibraryError], [*InUseError], [*PortTakenError], [*FolderError].
func Start(ctx context.Context, opts Options) (*Services, error) {
	log := opts.Log
	if log == nil {
		log = zap.NewNop()
	}
	folder, err := openFolder(opts.Dir)
	if err != nil {
		return nil, err
	}
	owned, joined, err := folder.lockOrJoin(ctx, joinPatience)
	if err != nil || !owned {
		folder.close()
		if joined != nil {
			log.Debug("joined the embedded services", zap.String("dir", joined.Dir), zap.Strings("brokers", joined.Brokers), zap.String("clickhouse", joined.ClickHouseAddr))
		}
		return joined, err
	}
	services, err := folder.start(ctx, opts, log)
	if err != nil {
		folder.close()
		return nil, fmt.Errorf("embedded services on %s: %w", folder.dir, err)
	}
	return services, nil
}

// start runs both services on a folder that this process owns.
func (f *folder) start(ctx context.Context, opts Options, log *zap.Logger) (*Services, error) {
	kind, library, err := findEngine(opts.EngineLib)
	if err != nil {
		return nil, err
	}
	if kind == kindLibrary {
		if why := confinable(); why != nil {
			log.Warn("the engine's users can read every file that this user can: "+
				"give their passwords to nobody who may not, or put a clickhouse server on PATH", zap.Error(why))
		}
	}
	own, err := f.loadSecrets()
	if err != nil {
		return nil, err
	}
	var last running
	if err := f.read("running.json", &last); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	// The last run's file would send others to ports that are nobody's now, or somebody else's.
	_ = os.Remove(filepath.Join(f.dir, "running.json"))

	began := time.Now()
	for attempt := 1; ; attempt++ {
		s, config, err := f.startOn(ctx, opts, last, own, kind, library, log)
		if err == nil {
			log.Debug("embedded services are up", zap.String("dir", f.dir), zap.Strings("brokers", s.Brokers),
				zap.String("clickhouse", s.ClickHouseAddr), zap.String("http", s.ClickHouseHTTP),
				zap.String("engine", library), zap.Duration("took", time.Since(began)))
			s.ended = make(chan struct{})
			go s.keep(func() (*engine, error) { return f.startEngine(kind, library, config, log) }, log)
			return s, nil
		}
		if attempt == portAttempts || !errors.Is(err, errEngineEnded) {
			return nil, err
		}
		log.Warn("the engine did not start, trying other ports", zap.Error(err))
		last = running{}
	}
}

func (f *folder) startOn(ctx context.Context, opts Options, last running, own secrets, kind engineKind, library string, log *zap.Logger) (_ *Services, config string, err error) {
	run := running{PID: os.Getpid()}
	for _, choice := range []struct {
		port        *int
		asked, last int
		setting     string
	}{
		{&run.KafkaPort, opts.KafkaPort, last.KafkaPort, "embedded.kafka_port"},
		{&run.TCPPort, opts.TCPPort, last.TCPPort, "embedded.clickhouse_port"},
		{&run.HTTPPort, opts.HTTPPort, last.HTTPPort, "embedded.clickhouse_http_port"},
	} {
		if *choice.port, err = choosePort(choice.asked, choice.last, choice.setting); err != nil {
			return nil, "", err
		}
	}
	config, err = f.writeConfig(run, own, opts.Cluster)
	if err != nil {
		return nil, "", err
	}
	s := newServices(f.dir, run, own)
	s.folder = f
	s.life, s.end = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, s.shutdown(context.WithoutCancel(ctx)))
		}
	}()
	if s.engine, err = f.startEngine(kind, library, config, log); err != nil {
		return nil, "", err
	}
	if s.broker, err = f.startBroker(run.KafkaPort, own); err != nil {
		return nil, "", err
	}
	patience, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err = createTopics(patience, s.Brokers[0]); err != nil {
		return nil, "", err
	}
	if err = s.engine.ready(patience, s.ClickHouseHTTP, s.Admin); err != nil {
		return nil, "", err
	}
	if _, err = query(patience, s.ClickHouseHTTP, s.Admin, "CREATE DATABASE IF NOT EXISTS "+Database); err != nil {
		return nil, "", err
	}
	if err = f.write("running.json", run); err != nil {
		return nil, "", err
	}
	return s, config, nil
}

func newServices(dir string, run running, own secrets) *Services {
	return &Services{
		Dir:            dir,
		Brokers:        []string{loopback(run.KafkaPort)},
		ClickHouseAddr: loopback(run.TCPPort),
		ClickHouseHTTP: "http://" + loopback(run.HTTPPort),
		Database:       Database,
		Admin:          own.Admin,
		Ingest:         own.Ingest,
		Read:           own.Read,
	}
}

// verify proves that what listens on the ports is the folder's own broker and engine.
func (s *Services) verify(ctx context.Context, own secrets) error {
	id, err := brokerIdentity(ctx, s.Brokers[0])
	if err != nil {
		return fmt.Errorf("its broker does not answer: %w", err)
	}
	if id != own.ClusterID {
		return fmt.Errorf("another broker listens on %s", s.Brokers[0])
	}
	if _, err := query(ctx, s.ClickHouseHTTP, s.Read, "SELECT 1"); err != nil {
		return fmt.Errorf("its engine does not answer: %w", err)
	}
	return nil
}

// Done is closed when no engine of this process runs any more: after Stop, or when it ended by itself too often to be
// started again. It is nil (never ready) for services that run in another process.
func (s *Services) Done() <-chan struct{} { return s.ended }

// EngineLog is the path of the file in which the engine writes what goes wrong.
func (s *Services) EngineLog() string { return filepath.Join(s.Dir, "clickhouse", "engine.log") }

// Stop ends what [Start] started, within the context's time; what runs in another process goes on.
// The folder is free when it returns. A second call does nothing.
func (s *Services) Stop(ctx context.Context) error {
	if s.Joined {
		return nil
	}
	s.mu.Lock()
	again := s.stopped
	s.stopped = true
	s.mu.Unlock()
	if again {
		return nil
	}
	return errors.Join(s.shutdown(ctx), s.folder.close())
}

func (s *Services) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*serverGrace)
	defer cancel()
	s.end()
	if s.broker != nil {
		s.broker.Close()
	}
	var err error
	if e := s.current(); e != nil {
		err = e.stop(ctx)
	}
	if s.ended != nil {
		<-s.ended
	}
	return err
}

func (s *Services) current() *engine {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine
}
