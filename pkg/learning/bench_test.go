package learning_test

import (
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// 200 services, 20,000 incidents, twelve quarters.
func BenchmarkCompute(b *testing.B) {
	in := random(1, 200, 20_000, 12*91)
	b.ReportAllocs()
	for b.Loop() {
		learning.Compute(in, learning.DefaultSettings())
	}
}
