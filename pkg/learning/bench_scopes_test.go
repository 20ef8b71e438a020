package learning_test

import (
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// 5,000 services, 200,000 incidents, twelve quarters: what many scopes cost.
func BenchmarkManyServices(b *testing.B) {
	in := random(1, 5000, 200_000, 12*91)
	b.ReportAllocs()
	for b.Loop() {
		run := learning.Compute(in, learning.DefaultSettings())
		b.ReportMetric(float64(len(run.Estimates)), "estimates")
		b.ReportMetric(float64(len(run.Evidence)), "evidence")
	}
}
