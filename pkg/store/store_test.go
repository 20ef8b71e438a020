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

func TestSmoke(t *testing.T) {
	s := open(t)
	for _, v := range views {
		rows, err := s.conn.Query(t.Context(), "SELECT * FROM "+v)
		if err != nil {
			t.Errorf("%s: %v", v, err)
			continue
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			t.Errorf("%s: %v", v, err)
		}
		rows.Close()
	}
	if _, err := s.LoadInput(t.Context(), LoadOptions{AsOf: 1e12}); err != nil {
		t.Error(err)
	}
	if _, err := s.Estimates(t.Context()); err != nil {
		t.Error(err)
	}
}
