package learning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Twenty services for 300 days with three failures each, one with thirty and
// one with none: the quiet one is said to have a rate between nothing and that
// of the others, the busy one is drawn down a little, and their own figures
// stay what they were.
func TestShrunkScopes(t *testing.T) {
	in := learning.Input{AsOf: since + 300*day, Start: since, Services: []learning.Service{alive("busy", 300), alive("quiet", 300)}}
	fail := func(service string, times int) {
		for i := range times {
			in.Incidents = append(in.Incidents, incident(fmt.Sprint(service, i), service, "", int64(24+i*24*290/times)))
		}
	}
	fail("busy", 30)
	for i := range 20 {
		name := fmt.Sprintf("service-%02d", i)
		in.Services = append(in.Services, alive(name, 300))
		fail(name, 3)
	}
	for i := range in.Incidents {
		if in.Incidents[i].Service == "service-00" {
			in.Incidents[i].Severity = 0
		}
	}
	got := compute(in)
	const metric = "containment.uncontained"
	own := got.of(t, metric, "service", "service-03", "all")
	e := got.of(t, metric+".shrunk", "service", "service-03", "all")
	if own.State != learning.Insufficient || e.State != learning.OK || e.Origin != "modelled" || !strings.Contains(e.Reading, "toward the organisation's other services") {
		t.Errorf("%+v\n%+v", own, e)
	}
	busy, quiet := got.of(t, metric+".shrunk", "service", "busy", "all"), got.of(t, metric+".shrunk", "service", "quiet", "all")
	if !(quiet.Low == 0 && quiet.Value > 0 && quiet.Value < e.Value && busy.Value > e.Value && busy.Value < 100) {
		t.Errorf("quiet %v, usual %v, busy %v", quiet.Value, e.Value, busy.Value)
	}
	near(t, "the busy one's own", got.of(t, metric, "service", "busy", "all").Value, 100)
	// Of whose failures nobody told how severe they were is not drawn, nor are the others toward it.
	severe := func(service string) learning.Estimate {
		return got.of(t, "containment.severe.shrunk", "service", service, "all")
	}
	if e := severe("service-00"); e.State != learning.AssumptionFailed || !strings.Contains(e.Reading, "of 3 of 3 failures it is not told") {
		t.Errorf("%+v", e)
	}
	if e := severe("service-01"); e.State != learning.OK || !strings.Contains(e.Method, "over 21 services") {
		t.Errorf("%+v", e)
	}
	for key, e := range got {
		if strings.HasSuffix(e.Metric, ".shrunk") && (e.Scope.Kind != "service" || e.Window != "all" || e.Low > e.Value || e.Value > e.High) {
			t.Errorf("%s: one team alone, and no quarter, is drawn toward nothing: %+v", key, e)
		}
	}
}
