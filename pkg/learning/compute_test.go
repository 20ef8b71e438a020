package learning_test

import (
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

func TestEveryEstimateIsOfAKnownMetric(t *testing.T) {
	run := learning.Compute(random(1, 20, 400, 3*91), learning.DefaultSettings())
	if len(run.Estimates) == 0 {
		t.Fatal("no estimates")
	}
	for _, e := range run.Estimates {
		if _, known := learning.Lookup(e.Metric); !known {
			t.Errorf("%s is not in Metrics", e.Metric)
		}
	}
}
