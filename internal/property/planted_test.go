package property

import (
	"os"
	"testing"

	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/simulate"
)

// TestPlantedIsFound sends whole organisations through decoder, engine and
// estimators: every metric can be read, and at least nine tenths of the intervals
// hold what was planted. One organisation; 20 with TUITION_LONG=1. (That the
// intervals keep their level is tested in pkg/simulate, without the engine.)
func TestPlantedIsFound(t *testing.T) {
	seeds := 1
	if os.Getenv("TUITION_LONG") == "1" {
		seeds = 20
	}
	covered, readable := 0, 0
	for seed := range uint64(seeds) {
		s, err := simulate.New(simulate.Config{Seed: seed + 1})
		if err != nil {
			t.Fatal(err)
		}
		var log []event.Message
		for m := range s.Records() {
			log = append(log, m)
		}
		run := newPipeline(t, s.Catalog(), s.AsOf()).run(t, [][]event.Message{log})
		for _, row := range simulate.Compare(s.Truth(), run.Estimates) {
			if row.Scope.Kind != "organisation" {
				continue
			}
			if row.State != learning.OK {
				t.Errorf("seed %d: %s is %q", seed+1, row.Metric, row.State)
				continue
			}
			readable++
			if row.Covered {
				covered++
				continue
			}
			t.Logf("seed %d: %s planted %.4g, estimated %.4g (%.4g to %.4g)", seed+1, row.Metric, row.Planted, row.Value, row.Low, row.High)
		}
	}
	if 10*covered < 9*readable {
		t.Errorf("%d of %d intervals hold what was planted", covered, readable)
	}
}
