package learning

import (
	"slices"
	"testing"
)

// Two services: two deploys on day 10, one more on day 12, six on day 14, of which
// a quarter has passed.
func TestDeployClock(t *testing.T) {
	const day = int64(dayMillis)
	services := []*service{
		{deploys: PackDeploys(DeployDay{10, 1}, DeployDay{14, 6})},
		{deploys: PackDeploys(DeployDay{12, 1}, DeployDay{10, 1})},
	}
	c := newDeployClock(services, 14*day+day/4)
	for _, at := range []struct {
		t    int64
		want float64
	}{
		{9 * day, 0},
		{10 * day, 0},
		{10*day + day/2, 1},
		{11 * day, 2},
		{12*day - 1, 2},
		{12*day + day/4, 2.25},
		{13 * day, 3},
		{14*day + day/8, 6},
		{14*day + day/4, 9},
	} {
		if got := c.deploys(at.t); got != at.want {
			t.Errorf("deploys before day %.3f: %v, want %v", float64(at.t)/float64(day), got, at.want)
		}
	}
	for _, since := range []struct {
		t, want int64
		known   bool
	}{{0, 10 * day, true}, {10*day + 7, 10*day + 7, true}, {11 * day, 12 * day, true}, {15 * day, 0, false}} {
		if at, known := c.first(since.t); at != since.want || known != since.known {
			t.Errorf("since %d it runs from %d, %v", since.t, at, known)
		}
	}
	all := AddDeploys(PackDeploys(DeployDay{3, 1}, DeployDay{5, 2}), "", PackDeploys(DeployDay{4, 1}, DeployDay{5, 700}))
	if got, want := slices.Collect(all.Days()), []DeployDay{{3, 1}, {4, 1}, {5, 702}}; !slices.Equal(got, want) {
		t.Errorf("together %v, want %v", got, want)
	}
	if got := all.Before(5 * day); got != PackDeploys(DeployDay{3, 1}, DeployDay{4, 1}) {
		t.Errorf("before the fifth day %v", slices.Collect(got.Days()))
	}
}
