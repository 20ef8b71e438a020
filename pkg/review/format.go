package review

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// figure prints a number as readings do, with its thousands apart. NaN is empty: a
// missing value is not a zero.
func figure(x float64) string { return learning.Figure(x) }

// count prints a whole number in full: counts are not rounded.
func count[T int | int64 | uint64](n T) string {
	return group(strings.Replace(fmt.Sprint(n), "-", "−", 1))
}

// group sets a thin space between the thousands of a number's whole part.
func group(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "−") {
		sign, whole = "−", strings.TrimPrefix(whole, "−")
	}
	if len(whole) > 4 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "\u202f" + whole[i:]
		}
	}
	if fraction != "" {
		return sign + whole + "." + fraction
	}
	return sign + whole
}

// quantity prints a value in its estimate's unit.
func quantity(x float64, unit string) string {
	if math.IsNaN(x) {
		return ""
	}
	switch unit {
	case "change_per_quarter":
		if x > 0 {
			return "+" + figure(100*x) + "\u00a0%"
		}
		return figure(100*x) + "\u00a0%"
	case "share":
		return figure(100*x) + "\u00a0%"
	case "seconds":
		return duration(x)
	case "count":
		if x == math.Trunc(x) && math.Abs(x) < 1e15 {
			return count(int64(x))
		}
	}
	return figure(x)
}

// unitWords says what a bare number of this unit counts; empty where the
// number carries its unit.
func unitWords(unit string) string {
	switch unit {
	case "per_1000_service_days":
		return "per 1\u202f000 service-days"
	case "change_per_quarter":
		return "change a quarter"
	case "ratio":
		return "ratio"
	}
	if len(unit) == 3 && strings.ToUpper(unit) == unit {
		return unit // a currency
	}
	return ""
}

// duration prints seconds in the largest unit that leaves the number above one.
func duration(seconds float64) string {
	if math.IsInf(seconds, 0) {
		return "longer than observed"
	}
	for _, u := range []struct {
		name string
		size float64
	}{{"days", 2 * 86400}, {"h", 3600}, {"min", 60}} {
		if math.Abs(seconds) >= u.size {
			size := u.size
			if u.name == "days" {
				size = 86400
			}
			return figure(seconds/size) + "\u00a0" + u.name
		}
	}
	return figure(seconds) + "\u00a0s"
}

func span(millis int64) string { return duration(float64(millis) / 1000) }

func day(millis int64) string {
	if millis == 0 {
		return ""
	}
	return time.UnixMilli(millis).UTC().Format("2 Jan 2006")
}

func moment(millis int64) string {
	if millis == 0 {
		return ""
	}
	return time.UnixMilli(millis).UTC().Format("2 Jan 2006, 15:04")
}

func plural[T int | int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// date and clock are a moment in two parts, for narrow columns.
func date(millis int64) string { return strings.ReplaceAll(day(millis), " ", "\u00a0") }

func clock(millis int64) string {
	if millis == 0 {
		return ""
	}
	return time.UnixMilli(millis).UTC().Format("15:04")
}

// Figure is a value as the pages print it: two significant figures at most, in
// the unit of its estimate, "–" where there is none.
func Figure(x float64, unit string) string {
	if s := quantity(x, unit); s != "" && !math.IsInf(x, 0) {
		return s
	}
	return "–"
}
