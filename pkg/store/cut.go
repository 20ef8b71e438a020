package store

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tuition-hq/tuition/schemas"
)

// cut makes, of the snapshot that counts, one of the log as it was at a moment: what
// happened to few entities since is taken out and only these are folded and joined
// anew, as a next snapshot is made of the one before it. It is never named by
// fold_run; drop it by its run. none: too much happened since, or there is nothing to
// start from.
func (s *Store) cut(ctx context.Context, asOf int64) (next parts, none bool, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(foldSettings(s.config)))
	was, err := s.parts(ctx)
	if err != nil || was.run == "" || was.incidentState == "" {
		return parts{}, true, err
	}
	next = was
	next.run = newRun()
	moment := strconv.FormatInt(asOf, 10)
	touched := map[string]uint64{}
	for _, of := range []struct{ kind, base, delta string }{{"change", was.changeBase, was.changeDelta}, {"incident", was.incidentBase, was.incidentDelta}} {
		keys := touchedBy(next.run, of.kind)
		if err := s.foldQuery(ctx, "cut_touched", params{"touched": keys, "kind": of.kind, "as_of": moment}); err != nil {
			return next, false, err
		}
		if touched[of.kind], err = s.foldSize(ctx, "fold_touched_size", keys); err != nil {
			return next, false, err
		}
		few, err := s.fewTouched(ctx, "fold_"+of.kind, touched[of.kind], of.base, of.delta)
		if err != nil || !few {
			return next, true, err
		}
	}
	args := func(kind string) params {
		return params{"run": next.run, "touched": touchedBy(next.run, kind), "database": s.config.Database, "as_of": moment}
	}
	if touched["change"] > 0 {
		next.changeDelta = next.run
		if err := s.replace(ctx, "fold_change", args("change"), was.changeDelta); err != nil {
			return next, false, err
		}
		if err := s.join(ctx, was, &next); err != nil {
			return next, false, err
		}
	}
	if touched["incident"] > 0 {
		next.incidentDelta = next.run
		if err := s.replace(ctx, "fold_incident", args("incident"), was.incidentDelta); err != nil {
			return next, false, err
		}
	}
	if touched["change"] > 0 || touched["incident"] > 0 {
		next.incidentState = next.run
		err = s.joinIncidents(ctx, next, moment)
	}
	return next, false, err
}

// ofParts is what the view over the snapshot of one name selects, of given parts.
func ofParts(name string, p parts) string {
	file, err := schemas.ClickHouse.ReadFile(path.Join(viewFolder, twinPrefix+name+".sql"))
	if err != nil {
		panic(err) // the files are part of the binary
	}
	text := string(file)
	return readOrMade.ReplaceAllStringFunc(text[madeAs.FindStringIndex(text)[1]:], func(match string) string {
		words := readOrMade.FindStringSubmatch(match)
		if words[3] == "fold_run_current" {
			return words[1] + words[2] + "(" + p.row() + ")"
		}
		if of, is := strings.CutPrefix(words[3], twinPrefix); is {
			return words[1] + words[2] + "(" + ofParts(of, p) + ")"
		}
		return match
	})
}

// row is what fold_run_current would give of these parts.
func (p parts) row() string {
	return fmt.Sprintf("SELECT '%s' AS change_base, '%s' AS change_delta, '%s' AS incident_base, '%s' AS incident_delta, '%s' AS joined, "+
		"'%s' AS state_base, '%s' AS state_delta, '%s' AS incident_state",
		p.changeBase, p.changeDelta, p.incidentBase, p.incidentDelta, p.joined, p.stateBase, p.stateDelta, p.incidentState)
}
