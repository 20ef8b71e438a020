package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// One event more after none in a time of 1: with Jeffreys' prior the time is a
// ratio of gammas of shapes 1 and ½, whose distribution function is
// 1 − (1 + t)^(−½): the median is 3, and 95 % lie between 1/0.975² − 1 and
// 1/0.025² − 1.
func TestWaitForOneAfterNone(t *testing.T) {
	median, i := stats.Wait(1, 0, 1, 0.95)
	near(t, "median", median, 3)
	nearInterval(t, "interval", i, [2]float64{1/(0.975*0.975) - 1, 1/(0.025*0.025) - 1})
}

// With one to come the general form is 1 − (1 + t/T)^−(c + ½).
func TestWaitForOne(t *testing.T) {
	median, _ := stats.Wait(1, 7, 4, 0.5)
	near(t, "median", median, 4*(math.Pow(2, 1/7.5)-1))
}

func TestWaitEdges(t *testing.T) {
	if median, i := stats.Wait(0, 3, 4, 0.95); median != 0 || i != (stats.Interval{}) {
		t.Errorf("nothing lacks: %g, %v", median, i)
	}
	if median, i := stats.Wait(2, 0, 0, 0.95); !math.IsInf(median, 1) || i.Low != 0 || !math.IsInf(i.High, 1) {
		t.Errorf("nothing observed: %g, %v", median, i)
	}
}

// What is said to come with 95 % does come so often, whatever the rate.
func TestWaitCovers(t *testing.T) {
	const runs = 4000
	r := rand.New(rand.NewPCG(3, 5))
	for _, c := range []struct {
		rate float64
		more int64
	}{{0.7, 2}, {3, 1}, {3, 8}, {20, 30}} {
		covered := 0
		for range runs {
			const observed = 4.0
			var seen int64
			for at := r.ExpFloat64() / c.rate; at < observed; at += r.ExpFloat64() / c.rate {
				seen++
			}
			wait := 0.0
			for range c.more {
				wait += r.ExpFloat64() / c.rate
			}
			if _, i := stats.Wait(c.more, seen, observed, 0.95); wait >= i.Low && wait <= i.High {
				covered++
			}
		}
		if share := float64(covered) / runs; share < 0.93 || share > 0.985 {
			t.Errorf("%d more at %g a quarter: covered %.3f of the time", c.more, c.rate, share)
		}
	}
}
