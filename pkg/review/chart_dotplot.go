package review

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/learning"
)

const dotsInPlot = 50

// dotplot draws an interval for a share as fifty dots, each standing for one
// chance in fifty (Fernandes et al. 2018: read best of all forms tried). The
// dots are quantiles of two half normals through the estimate and the bounds
// of its interval, on the angular scale where a share's spread does not depend
// on the share. Where the interval has no extent on one side there is none.
func dotplot(id string, e learning.Estimate) (chart, bool) {
	if e.State != learning.OK || e.Unit != "share" || !(0 <= e.Low && e.Low < e.Value && e.Value < e.High && e.High <= 1) {
		return chart{}, false
	}
	c := chart{ID: id, Title: Title(e.Metric) + ", as fifty chances", Note: windowWords(e.Window), Width: chartWidth}
	angle := func(p float64) float64 { return math.Asin(math.Sqrt(p)) }
	normal := distuv.UnitNormal
	z := normal.Quantile(0.5 + e.Level/2)
	low, mid, high := angle(e.Low), angle(e.Value), angle(e.High)
	var values []float64
	for i := range dotsInPlot {
		q := normal.Quantile((float64(i) + 0.5) / dotsInPlot)
		half := high - mid
		if q < 0 {
			half = mid - low
		}
		a := math.Max(0, math.Min(math.Pi/2, mid+half*q/z))
		values = append(values, math.Pow(math.Sin(a), 2))
	}
	const bins, radius = 56, 5.4
	from := 0.0
	to := math.Min(1, math.Ceil(values[dotsInPlot-1]*10+0.2)/10)
	width := (chartWidth - 2*marginRight) / float64(bins)
	piles := make([]int, bins)
	highest := 0
	for _, v := range values {
		b := min(bins-1, int((v-from)/(to-from)*bins))
		piles[b]++
		highest = max(highest, piles[b])
	}
	bottom := 16 + float64(highest)*2*radius
	c.Height = bottom + 34
	clear(piles)
	for i, v := range values {
		b := min(bins-1, int((v-from)/(to-from)*bins))
		c.dot("estimate chance", marginRight+(float64(b)+0.5)*width, bottom-radius-float64(piles[b])*2*radius, radius-0.5, "")
		piles[b]++
		if i%5 == 2 {
			c.Rows = append(c.Rows, []string{fmt.Sprintf("%d of %d", i+1, dotsInPlot), quantity(v, e.Unit)})
		}
	}
	c.line("zero", marginRight, bottom, chartWidth-marginRight, bottom)
	for v := from; v <= to+1e-9; v += 0.1 {
		c.text("tick", "middle", marginRight+(v-from)/(to-from)*(chartWidth-2*marginRight), bottom+20, quantity(v, e.Unit))
	}
	c.Columns = []string{"Chances", "At or below"}
	c.Desc = fmt.Sprintf("Fifty dots along a scale of shares; each is one chance in fifty that the share lies there. Half of them lie below %s. The whole interval is %s to %s.",
		quantity(e.Value, e.Unit), quantity(e.Low, e.Unit), quantity(e.High, e.Unit))
	c.Legend = []legend{{"estimate", "dot", "one chance in fifty that the true share lies about here, given the interval"}}
	return c, true
}
