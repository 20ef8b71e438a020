package learning

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Figure prints a number for people, as readings do: two significant figures at
// most, a true minus sign, ∞ where there is no bound, "" for NaN.
func Figure(x float64) string {
	switch {
	case math.IsNaN(x):
		return ""
	case math.IsInf(x, 1):
		return "∞"
	case math.IsInf(x, -1):
		return "−∞"
	}
	return number(x)
}

// number prints two significant figures at most, with a true minus sign.
func number(x float64) string {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return strings.Replace(fmt.Sprint(x), "-", "−", 1)
	}
	digits := 1 - int(math.Floor(math.Log10(math.Abs(x))))
	if digits < 0 {
		scale := math.Pow(10, float64(-digits))
		x, digits = math.Round(x/scale)*scale, 0
	}
	s := strconv.FormatFloat(x, 'f', min(digits, 9), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return strings.Replace(s, "-", "−", 1)
}

func percent(share float64) string { return number(100*share) + " %" }

// chance prints a probability that was calculated: none is certain.
func chance(p float64) string {
	if p > 0.99 {
		return "more than 99 %"
	}
	return percent(p)
}

// change prints a share with its sign.
func change(share float64) string {
	if share > 0 {
		return "+" + percent(share)
	}
	return percent(share)
}

// lasting prints seconds in the largest unit that leaves the number above one.
func lasting(seconds float64) string {
	switch {
	case seconds >= 2*86400:
		return number(seconds/86400) + " days"
	case seconds >= 3600:
		return number(seconds/3600) + " h"
	case seconds >= 60:
		return number(seconds/60) + " min"
	default:
		return number(seconds) + " s"
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// numbered is n of things given in the plural.
func numbered(n int64, things string) string {
	if n == 1 {
		things = singular.Replace(things)
	}
	return fmt.Sprintf("%d %s", n, things)
}

var singular = strings.NewReplacer("failures", "failure", "modes", "mode", "changes", "change", "incidents", "incident",
	"gaps", "gap", "improvements", "improvement", "recurrences", "recurrence", "were", "was")

// whole prints a count in full, with a thin space between the thousands of five digits and more.
func whole(x float64) string {
	s := strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	if len(s) > 4 {
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "\u202f" + s[i:]
		}
	}
	return s
}

// itThem is the pronoun of n things.
func itThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
