package servertest

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tuition-hq/tuition/pkg/embedded"
)

func TestMain(m *testing.M) { Main(m) }

func open(t *testing.T, engine EngineAddr, user embedded.User, database string) clickhouse.Conn {
	t.Helper()
	connection, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{engine.Addr},
		Auth: clickhouse.Auth{Database: database, Username: user.Name, Password: user.Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

func execute(t *testing.T, connection clickhouse.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := connection.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func TestDatabaseServesItsThreeUsers(t *testing.T) {
	engine := Engine(t)
	database := Database(t, engine)
	admin, ingest, read := open(t, engine, engine.Admin, database), open(t, engine, engine.Ingest, database), open(t, engine, engine.Read, database)
	execute(t, admin,
		"CREATE TABLE fact (id UInt64, word LowCardinality(String)) ENGINE = MergeTree ORDER BY id SETTINGS fsync_after_insert = 1",
		"CREATE VIEW words AS SELECT word, count() AS n FROM fact GROUP BY word",
		"ALTER TABLE fact ADD COLUMN extra String")
	execute(t, ingest, "INSERT INTO fact (id, word) VALUES (1, 'a'), (2, 'a')")
	var n uint64
	if err := read.QueryRow(t.Context(), "SELECT n FROM words").Scan(&n); err != nil || n != 2 {
		t.Fatalf("the reader saw %d rows, %v", n, err)
	}
	for user, connection := range map[string]clickhouse.Conn{"ingest": ingest, "read": read} {
		if err := connection.Exec(t.Context(), "DROP TABLE fact"); err == nil {
			t.Errorf("%s may drop tables", user)
		}
	}
	if err := read.Exec(t.Context(), "INSERT INTO fact (id, word) VALUES (3, 'b')"); err == nil {
		t.Error("the reader may write")
	}
}

func TestTwoEnginesAreShards(t *testing.T) {
	pair := TwoEngines(t)
	database := Database(t, pair[0], pair[1])
	for _, engine := range pair {
		execute(t, open(t, engine, engine.Admin, database),
			"CREATE TABLE fact (id UInt64) ENGINE = MergeTree ORDER BY id",
			"CREATE TABLE fact_all AS fact ENGINE = Distributed("+Cluster+", currentDatabase(), fact, id)")
	}
	ingest := open(t, pair[0], pair[0].Ingest, database)
	execute(t, ingest, "INSERT INTO fact_all SELECT number FROM numbers(100) SETTINGS distributed_foreground_insert = 1")
	for _, engine := range pair {
		var here, everywhere uint64
		read := open(t, engine, engine.Read, database)
		if err := read.QueryRow(context.Background(), "SELECT (SELECT count() FROM fact), (SELECT count() FROM fact_all)").Scan(&here, &everywhere); err != nil {
			t.Fatal(err)
		}
		if here != 50 || everywhere != 100 {
			t.Errorf("%s: %d rows here and %d in all, not 50 and 100", engine.Addr, here, everywhere)
		}
	}
}
