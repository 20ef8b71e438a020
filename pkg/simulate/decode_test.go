package simulate

import (
	"testing"

	"github.com/tuition-hq/tuition/pkg/event"
)

// TestEveryRecordIsAccepted decodes a whole log: what is simulated is what the schemas accept.
func TestEveryRecordIsAccepted(t *testing.T) {
	decoder, err := event.NewDecoder(event.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := simulation(t, Config{Quarters: 4, Incidents: 150, Deploys: 3000})
	kinds := map[event.Kind]int{}
	var e event.Event
	for m := range s.Records() {
		if rejection := decoder.Decode(&m, &e); rejection != nil {
			t.Fatalf("%v\n%s", rejection, m.Value)
		}
		if e.EmittedAt < e.OccurredAt {
			t.Fatalf("sent before it happened: %s", m.Value)
		}
		kinds[e.Kind]++
	}
	for _, kind := range []event.Kind{event.KindOther, event.KindIncident, event.KindChange, event.KindPostmortem, event.KindImprovement, event.KindMonitoringGap} {
		if kinds[kind] == 0 {
			t.Errorf("no event of kind %d", kind)
		}
	}
}
