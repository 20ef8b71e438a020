package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/simulate"
)

// SimulateOptions say what to write beside the events; "" writes nothing.
type SimulateOptions struct {
	Seed        uint64
	CatalogFile string
	TruthFile   string
}

// Simulate writes the events of a simulated organisation as JSON Lines in the
// order of their delivery and says how many.
func Simulate(ctx context.Context, o SimulateOptions, w io.Writer) (int64, error) {
	organisation, err := simulate.New(simulate.Config{Seed: o.Seed})
	if err != nil {
		return 0, usage(err)
	}
	if o.CatalogFile != "" {
		if err := writeCatalog(o.CatalogFile, organisation); err != nil {
			return 0, err
		}
	}
	if o.TruthFile != "" {
		text, err := json.MarshalIndent(organisation.Truth(), "", "  ")
		if err != nil {
			return 0, err
		}
		if err := writeNamed("--truth", o.TruthFile, append(text, '\n')); err != nil {
			return 0, err
		}
	}
	out := bufio.NewWriter(w)
	var n int64
	for m := range organisation.Records() {
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		line, err := structured(m)
		if err != nil {
			return n, err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return n, err
		}
		n++
	}
	return n, out.Flush()
}

// structured gives a record as one JSON text: a line of a file has no headers,
// and the time at which the source sent the event would be lost.
func structured(m event.Message) ([]byte, error) {
	for _, h := range m.Headers {
		if h.Key != "ce_time" {
			continue
		}
		emitted, err := time.Parse(time.RFC3339Nano, string(h.Value))
		if err != nil {
			return nil, err
		}
		value, _, err := event.Structured(m.Value, emitted, false)
		return value, err
	}
	return m.Value, nil
}

func writeCatalog(path string, organisation *simulate.Simulation) error {
	text, err := organisation.Catalog().YAML()
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	return writeNamed("--catalog", path, text)
}

// writeNamed writes the file that a flag names.
func writeNamed(flag, path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return usage(fmt.Errorf("%s: %w; name a file that you may write, in a folder that exists", flag, err))
	}
	return nil
}
