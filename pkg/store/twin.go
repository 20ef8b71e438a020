package store

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/schemas"
)

// twinPrefix begins the name of a view that reads the snapshot. Every view that
// rests on folded incidents or changes has such a twin: the same SQL over the
// snapshot's tables. So both give the same rows, the twin those of when the
// snapshot was made.
const twinPrefix = "snapshot_"

// snapshotted are the views whose twins read the snapshot's tables: they have files
// of their own. All other twins are made from the view's own file.
var snapshotted = []string{
	"incident_told", "change_told", "change_merged", "rollback", "change_rolled_back", "change_state",
	"incident_state", "change_linked", "change_undone",
}

// readOrMade finds what a statement reads from or makes.
var readOrMade = regexp.MustCompile(`\b(FROM|JOIN|REPLACE VIEW)(\s+)(\w+)`)

// twins are the names of all views that have one.
var twins = sync.OnceValue(func() map[string]bool {
	found := map[string]bool{}
	for _, name := range snapshotted {
		found[name] = true
	}
	for _, name := range views { // each after those that it reads
		text, err := schemas.ClickHouse.ReadFile(path.Join(viewFolder, name+".sql"))
		if err != nil {
			panic(err) // the files are part of the binary
		}
		for _, match := range readOrMade.FindAllStringSubmatch(string(text), -1) {
			if match[1] != "REPLACE VIEW" && found[match[3]] {
				found[name] = true
			}
		}
	}
	return found
})

// ofSnapshot is a statement over views turned into the same over their twins.
func ofSnapshot(sql string) string {
	return renamed(sql, twinPrefix, func(name string) bool { return twins()[name] })
}

// renamed puts a prefix before the chosen names of what a statement reads from or makes.
func renamed(sql, prefix string, chosen func(name string) bool) string {
	return readOrMade.ReplaceAllStringFunc(sql, func(match string) string {
		words := readOrMade.FindStringSubmatch(match)
		if !chosen(words[3]) {
			return match
		}
		return words[1] + words[2] + prefix + words[3]
	})
}

// SnapshotViews are the views that have a twin, in the order in which they read each other.
func SnapshotViews() []string {
	var names []string
	for _, name := range views {
		if twins()[name] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// ownOfSnapshot are the views over the snapshot that have files of their own.
func ownOfSnapshot() []string {
	own := []string{"fold_run_current"}
	for _, name := range snapshotted {
		own = append(own, twinPrefix+name)
	}
	return own
}

// migrateTwins makes the views over the snapshot.
func (s *Store) migrateTwins(ctx context.Context, conn driver.Conn) error {
	for _, name := range ownOfSnapshot() {
		if err := s.execFile(ctx, conn, path.Join(viewFolder, name+".sql")); err != nil {
			return fmt.Errorf("view %s: %w", name, err)
		}
	}
	for _, name := range views {
		if !twins()[name] || slices.Contains(snapshotted, name) {
			continue
		}
		text, err := s.render(path.Join(viewFolder, name+".sql"))
		if err != nil {
			return err
		}
		if err := conn.Exec(ctx, ofSnapshot(text)); err != nil {
			return fmt.Errorf("view %s: %w", twinPrefix+name, err)
		}
	}
	return nil
}
