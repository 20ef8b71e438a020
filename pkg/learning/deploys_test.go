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
		{deploys: []DeployDay{{10, 1}, {14, 6}}},
		{deploys: []DeployDay{{10, 1}, {12, 1}}},
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
	if got, want := AddDeploys([]DeployDay{{3, 1}, {5, 2}}, nil, []DeployDay{{4, 1}, {5, 7}}), []DeployDay{{3, 1}, {4, 1}, {5, 9}}; !slices.Equal(got, want) {
		t.Errorf("together %v, want %v", got, want)
	}
}
