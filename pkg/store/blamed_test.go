package store

import (
	"slices"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"pgregory.net/rapid"
)

// What the fast ways to known causes and to the case-crossover must give, said in
// terms of single changes.
const (
	blamedOfCandidates = `SELECT change_id, argMin(link, (known_at, link)), min(known_at), minIf(undone_ms, undone_ms != 0) FROM
		(SELECT c.change_id AS change_id, c.link AS link, ifNull(toUnixTimestamp64Milli(c.undone_at), 0) AS undone_ms, greatest(i.began_at, undone_ms) AS known_at
			FROM incident_change AS c INNER JOIN incident_state AS i ON i.incident_id = c.incident_id WHERE c.link IN ('stated', 'corroborated'))
		GROUP BY change_id`
	exposedOfChanges = `SELECT r.incident_id, true FROM
		(SELECT n.incident_id AS incident_id, n.k AS k, c.change_id != '' AND n.service = c.service AND c.began_at <= n.at AND c.finished_at >= n.at - 86400000
				AND (n.environment = '' OR c.environment = '' OR n.environment = c.environment) AS hit
			FROM (SELECT incident_id, environment, arrayJoin([0]) AS k, began_at AS at, arrayJoin(reach) AS service FROM incident_reach) AS n
			CROSS JOIN (SELECT change_id, service, environment, finished_at, least(if(started_at = 0, finished_at, started_at), finished_at) AS began_at FROM change_state) AS c) AS r
		GROUP BY r.incident_id HAVING countIf(r.k = 0 AND hit) > 0`
)

// TestFastJoinsAgree compares them on logs in which everything meets.
func TestFastJoinsAgree(t *testing.T) {
	s := open(t)
	publish(t, s, testCatalog, testRules)
	blamed, exposed := 0, 0
	for seed := range 3 {
		events := rapid.SliceOfN(rapid.Custom(randomEvent), 200, 250).Example(seed)
		everywhere(t, []*Store{s}, "TRUNCATE TABLE %s")
		insert(t, s, events...)

		want, got := readSorted(t, s, blamedOfCandidates), readSorted(t, s, "SELECT change_id, link, since, undone_at FROM change_blamed")
		blamed += len(want)
		if !slices.Equal(want, got) {
			t.Errorf("seed %d: known causes %q, by candidates %q", seed, got, want)
		}

		var in []string
		err := s.eachOf(t.Context(), "crossover", query("input_crossover"), []any{
			clickhouse.Named("as_of", int64(start+100*days)), clickhouse.Named("window", int64(days)),
		}, func(rows driver.Rows) error {
			var id, service, team string
			var at, references int64
			var share float64
			var is bool
			err := rows.Scan(&id, &service, &team, &at, &is, &share, &references)
			if is {
				in = append(in, id+"|true|")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(in)
		named := readSorted(t, s, "SELECT incident_id FROM incident_state WHERE service != ''")
		all := slices.DeleteFunc(readSorted(t, s, exposedOfChanges), func(row string) bool {
			return !slices.Contains(named, row[:len(row)-len("true|")])
		})
		exposed += len(all)
		if !slices.Equal(in, all) {
			t.Errorf("seed %d: exposed %q, by single changes %q", seed, in, all)
		}
	}
	if blamed == 0 || exposed == 0 {
		t.Errorf("%d known causes and %d incidents after a change: nothing was compared", blamed, exposed)
	}
}
