package store

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/schemas"
)

// TestMigrateFromEveryPastState stops after each migration, as an older version
// would have, and goes on from there with rows in the tables.
func TestMigrateFromEveryPastState(t *testing.T) {
	names, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	engine := servertest.Engine(t)
	for past := range names {
		t.Run("after "+names[past], func(t *testing.T) {
			s := dial(t, engine, servertest.Database(t, engine), "")
			if err := s.conn.Exec(t.Context(), query("migration_table")); err != nil {
				t.Fatal(err)
			}
			for _, name := range names[:past+1] {
				if err := s.execFile(t.Context(), s.conn, "clickhouse/"+name+".sql"); err != nil {
					t.Fatal(err)
				}
				if err := s.conn.Exec(t.Context(), query("migration_done"), name); err != nil {
					t.Fatal(err)
				}
			}
			insert(t, s, detected("i", "s", "m", start))
			applied, err := s.Migrate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(applied, names[past+1:]) {
				t.Errorf("applied %q, want %q", applied, names[past+1:])
			}
			if again, err := s.Migrate(t.Context()); err != nil || len(again) != 0 {
				t.Errorf("a second run applied %q, %v", again, err)
			}
			if got := read(t, s, "SELECT incident_id FROM incident"); !slices.Equal(got, []string{"i"}) {
				t.Errorf("the row from before: %q", got)
			}
		})
	}
}

// TestEveryViewIsApplied: a file that no list names would never be seen by anybody.
func TestEveryViewIsApplied(t *testing.T) {
	files, err := fs.Glob(schemas.ClickHouse, viewFolder+"/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(path.Base(file), ".sql")
	}
	named := slices.Sorted(slices.Values(append(ownOfSnapshot(), views...)))
	if !slices.Equal(files, named) {
		t.Errorf("files %q, applied %q", files, named)
	}
}

func TestUnknownCluster(t *testing.T) {
	engine := servertest.Engine(t)
	s := dial(t, engine, servertest.Database(t, engine), "no_such_cluster")
	if _, err := s.Migrate(t.Context()); err == nil {
		t.Error("migrated a cluster that is not there")
	}
}

func TestClusterServers(t *testing.T) {
	shards := sharded(t)
	servers, err := shards[0].clusterServers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(servers) != 2 {
		t.Fatalf("servers %q of two shards", servers)
	}
	for i, server := range servers {
		err := shards[i].onServer(server, func(conn driver.Conn) error { return conn.Ping(t.Context()) })
		if err != nil {
			t.Errorf("%s: %v", server, err)
		}
	}
}

// TestReplicatedTables reads the statements: replication needs Keeper, which no
// test here has.
func TestReplicatedTables(t *testing.T) {
	words := tables{Config{Database: "tuition", Cluster: "c", Replicated: true}}
	if got, want := words.Replacing("event", "v"), "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/tuition/event', '{replica}', v)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
