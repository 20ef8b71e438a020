package learning_test

import (
	"fmt"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Nine failed changes undone after 1 to 9 hours, every third a deploy: the flags
// took 1, 2, 4, 5, 7 and 8 hours, of which 4.5 are the median.
func TestTimeToFlagOff(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	for i := range 9 {
		at := since + int64(i)*day
		in.FailedChange = append(in.FailedChange, learning.FailedChange{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: "api", Team: "payments", Kind: []string{"flag", "flag", "deploy"}[i%3]}}, ID: fmt.Sprint("change-", i), FinishedAt: at, RolledBackAt: at + int64(1+i)*hour})
	}
	got := compute(in)
	if e := got.organisation(t, "durations.rollback.median"); e.N != 3 {
		t.Errorf("deploys: %+v", e)
	}
	e := got.organisation(t, "durations.flag_off.median")
	if e.N != 6 {
		t.Errorf("flags: %+v", e)
	}
	if e.State == learning.OK {
		near(t, "hours", e.Value/3600, 4.5)
	}
}
