package explain

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// figure prints a number; where there is none, that there is none.
func figure(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return learning.Figure(x)
}

func share(x float64) string { return figure(100*x) + " %" }

// inUnit prints a value in its metric's unit.
func inUnit(x float64, unit string) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return figure(x)
	}
	switch unit {
	case "change_per_quarter":
		if x > 0 {
			return "+" + share(x)
		}
		return share(x)
	case "share":
		return share(x)
	case "seconds":
		return lasting(x)
	case "per_1000_service_days":
		return figure(x) + " per 1000 service-days"
	case "count":
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return figure(x)
}

// lasting prints seconds in the largest unit that leaves the number above one.
func lasting(seconds float64) string {
	for _, u := range []struct {
		name       string
		from, size float64
	}{{"days", 2 * 86400, 86400}, {"h", 3600, 3600}, {"min", 60, 60}} {
		if math.Abs(seconds) >= u.from {
			return fmt.Sprintf("%s %s", figure(seconds/u.size), u.name)
		}
	}
	return figure(seconds) + " s"
}
