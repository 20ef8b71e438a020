package learning_test

import (
	"math/rand/v2"
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

// 150 modes on 15 services, three years: what learning per failure costs.
func BenchmarkPerFailure(b *testing.B) {
	w := world{modes: 150, years: 3, rate: gammaRates, born: 0.3, fix: anyTime}
	in := w.input(rand.New(rand.NewPCG(1, 1)))
	for b.Loop() {
		learning.Compute(in, learning.DefaultSettings())
	}
}

// 20,000 modes on 2,000 services, three years: more than are told apart.
func BenchmarkManyModes(b *testing.B) {
	w := world{modes: 20_000, years: 3, rate: gammaRates, born: 0.3, fix: anyTime}
	in := w.input(rand.New(rand.NewPCG(1, 1)))
	for b.Loop() {
		learning.Compute(in, learning.DefaultSettings())
	}
}
