package explain

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// figure prints two significant figures at most, with a true minus sign.
func figure(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case math.IsInf(x, 1):
		return "∞"
	case math.IsInf(x, -1):
		return "−∞"
	case x == 0:
		return "0"
	}
	digits := 1 - int(math.Floor(math.Log10(math.Abs(x))))
	if digits < 0 {
		scale := math.Pow(10, float64(-digits))
		x, digits = math.Round(x/scale)*scale, 0
	}
	s := strconv.FormatFloat(x, 'f', min(digits, 6), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return strings.Replace(s, "-", "−", 1)
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
