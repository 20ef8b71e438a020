// Package servertest gives tests the servers they need: the ClickHouse engine, a Kafka broker in this process, and a
// real Kafka. Servers that are not installed skip the test on a laptop and fail it in CI (environment CI=true).
package servertest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/tuition-hq/tuition/pkg/embedded"
)

// stops are run by [Main] after the last test, in reverse order.
var stops struct {
	sync.Mutex
	list []func()
}

func atEnd(stop func()) {
	stops.Lock()
	defer stops.Unlock()
	stops.list = append(stops.list, stop)
}

// Main runs the tests of a package that uses [Engine], [TwoEngines] or [Kafka] and stops the shared servers:
//
//	func TestMain(m *testing.M) { servertest.Main(m) }
func Main(m *testing.M) {
	embedded.Child()
	code := m.Run()
	stops.Lock()
	for i := len(stops.list) - 1; i >= 0; i-- {
		stops.list[i]()
	}
	os.Exit(code)
}

// absent ends a test whose server is not installed.
func absent(t testing.TB, why error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("in CI nothing is skipped: %v", why)
	}
	t.Skip(why)
}

// Shared gives the path of data kept beside the repository ($TUITION_SHARED, else ../shared from its root).
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("TUITION_SHARED")
	if root == "" {
		module, err := moduleRoot()
		if err != nil {
			t.Fatal(err)
		}
		root = filepath.Join(module, "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		absent(t, fmt.Errorf("shared test data: %w (set TUITION_SHARED to its folder)", err))
	}
	return path
}

// moduleRoot is the folder of go.mod above the test's working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the test: run it inside the repository")
		}
		dir = parent
	}
}

// Promtool gives the path of Prometheus's checker, built at the first use (a few minutes).
func Promtool(t testing.TB) string {
	t.Helper()
	path, err := FetchPromtool(io.Discard)
	if err != nil {
		absent(t, fmt.Errorf("promtool: %w", err))
	}
	return path
}

// EngineAddr is a running ClickHouse and its users.
type EngineAddr struct {
	Addr                string // host:port of the native protocol
	HTTP                string // http://host:port
	Admin, Ingest, Read embedded.User
}

// scratch makes a folder that lives until the last test of the package.
func scratch(name string) (string, error) {
	dir, err := os.MkdirTemp("", "tuition-"+name+"-")
	if err == nil {
		atEnd(func() { _ = os.RemoveAll(dir) })
	}
	return dir, err
}

func startEngine(opts embedded.Options) (EngineAddr, error) {
	dir, err := scratch("engine")
	if err != nil {
		return EngineAddr{}, err
	}
	opts.Dir = dir
	services, err := embedded.Start(context.Background(), opts)
	if err != nil {
		return EngineAddr{}, err
	}
	atEnd(func() { _ = services.Stop(context.Background()) })
	return EngineAddr{
		Addr: services.ClickHouseAddr, HTTP: services.ClickHouseHTTP,
		Admin: services.Admin, Ingest: services.Ingest, Read: services.Read,
	}, nil
}

var sharedEngine = sync.OnceValues(func() (EngineAddr, error) { return startEngine(embedded.Options{}) })

// Engine gives the ClickHouse that the tests of one package share. Work in a [Database] of your own.
func Engine(t testing.TB) EngineAddr {
	t.Helper()
	engine, err := sharedEngine()
	failStart(t, err)
	return engine
}

func failStart(t testing.TB, err error) {
	t.Helper()
	var missing *embedded.MissingEngineError
	if errors.As(err, &missing) {
		absent(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Cluster is the name under which the engines of [TwoEngines] know each other.
const Cluster = "tuition_test"

var sharedPair = sync.OnceValues(func() ([2]EngineAddr, error) {
	var pair [2]EngineAddr
	cluster := embedded.Cluster{Name: Cluster, Secret: rand.Text()}
	var ports [2]int
	for i := range pair {
		port, err := FreePort()
		if err != nil {
			return pair, err
		}
		ports[i] = port
		if port, err = gentle(fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
			return pair, err
		}
		cluster.Shards = append(cluster.Shards, embedded.Shard{Host: "127.0.0.1", Port: port})
	}
	for i := range pair {
		one := cluster
		one.Shard = i + 1
		engine, err := startEngine(embedded.Options{TCPPort: ports[i], Cluster: &one})
		if err != nil {
			return pair, err
		}
		pair[i] = engine
	}
	return pair, nil
})

// TwoEngines gives two engines that are the two shards of the cluster [Cluster]. They have no Keeper, so neither
// ON CLUSTER nor Replicated tables; the users of one are known to the other by name through the cluster's secret.
// A [Database] made on the first is made on both.
func TwoEngines(t testing.TB) [2]EngineAddr {
	t.Helper()
	pair, err := sharedPair()
	failStart(t, err)
	return pair
}

// Database makes an empty database with a random name on the engines, dropped at the end of the test.
func Database(t testing.TB, engines ...EngineAddr) string {
	t.Helper()
	name := embedded.Database + "_test_" + strings.ToLower(rand.Text()[:12])
	for _, engine := range engines {
		execAdmin(t, engine, "CREATE DATABASE "+name)
		t.Cleanup(func() { execAdmin(t, engine, "DROP DATABASE "+name+" SYNC") })
	}
	return name
}

// Granted empties the database tuition itself and gives its name: the rights of the ingesting user are given by name,
// so tests of what users may do need this one. One test of a package at a time.
func Granted(t testing.TB, engine EngineAddr) string {
	t.Helper()
	empty := func() {
		execAdmin(t, engine, "DROP DATABASE IF EXISTS "+embedded.Database+" SYNC")
		execAdmin(t, engine, "CREATE DATABASE "+embedded.Database)
	}
	empty()
	t.Cleanup(empty)
	return embedded.Database
}

func execAdmin(t testing.TB, engine EngineAddr, sql string) {
	t.Helper()
	connection, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{engine.Addr},
		Auth: clickhouse.Auth{Database: "default", Username: engine.Admin.Name, Password: engine.Admin.Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := connection.Exec(ctx, sql); err != nil {
		t.Errorf("%s: %v", sql, err)
	}
}

// FakeKafka starts a broker in this process, in memory, with the topics given as 4 partitions each; it makes no topic
// by itself. It gives the bootstrap addresses.
func FakeKafka(t testing.TB, topics ...string) []string {
	t.Helper()
	options := []kfake.Opt{kfake.NumBrokers(1)}
	if len(topics) > 0 {
		options = append(options, kfake.SeedTopics(4, topics...))
	}
	broker, err := kfake.NewCluster(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	return broker.ListenAddrs()
}

// FreePort gives a TCP port of loopback that nobody listens on now.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// NeedEngine ends a test that starts engines of its own where none is installed.
func NeedEngine(t testing.TB) {
	t.Helper()
	services, err := embedded.Start(context.Background(), embedded.Options{Dir: t.TempDir()})
	if err != nil {
		failStart(t, err)
	}
	if err := services.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}
