package store

import (
	"context"
	"testing"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// open makes a migrated store in a database of its own.
func open(t testing.TB) *Store {
	t.Helper()
	engine := servertest.Engine(t)
	s := dial(t, engine, servertest.Database(t, engine), "")
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func dial(t testing.TB, engine servertest.EngineAddr, database, cluster string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Config{
		Addrs: []string{engine.Addr}, Database: database, Cluster: cluster,
		Username: engine.Admin.Name, Password: engine.Admin.Password,
	}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sharded makes one migrated store for each of two shards, over a database of
// their own. The engines have other passwords, so each is migrated as itself.
func sharded(t testing.TB) (shards []*Store) {
	t.Helper()
	engines := servertest.TwoEngines(t)
	database := servertest.Database(t, engines[0], engines[1])
	for _, engine := range engines {
		s := dial(t, engine, database, servertest.Cluster)
		if _, err := s.migrate(t.Context(), s.conn); err != nil {
			t.Fatal(err)
		}
		shards = append(shards, s)
	}
	return shards
}

func TestEmptyViews(t *testing.T) {
	s := open(t)
	for _, view := range views {
		read(t, s, "SELECT * FROM "+view)
	}
	input, err := s.LoadInput(t.Context(), LoadOptions{AsOf: 1e12})
	if err != nil {
		t.Fatal(err)
	}
	if len(input.Incidents) != 0 || input.InputEvents != 0 {
		t.Errorf("an empty log gives %+v", input)
	}
	snapshot, err := s.Estimates(t.Context())
	if err != nil || snapshot.RunID != "" {
		t.Errorf("before the first run: %+v, %v", snapshot, err)
	}
}
