package learning

import (
	"fmt"
	"io"
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
	return apart(s)
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
	return sentence("%d %s", n, many)
}

// numbered is n of things given in the plural.
func numbered(n int64, things string) string {
	if n == 1 {
		things = singular.Replace(things)
	}
	return sentence("%d %s", n, things)
}

var singular = strings.NewReplacer("failures", "failure", "modes", "mode", "changes", "change", "incidents", "incident",
	"gaps", "gap", "improvements", "improvement", "recurrences", "recurrence", "were", "was")

// whole prints a count in full, with a thin space between the thousands of five digits and more.
func whole(x float64) string {
	return apart(strconv.FormatFloat(math.Round(x), 'f', 0, 64))
}

// apart sets the thousands of a number of five digits or more apart, and gives it a true minus sign.
func apart(number string) string {
	digits, fraction, found := strings.Cut(number, ".")
	if found {
		fraction = "." + fraction
	}
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "−", digits[1:]
	}
	if len(digits) > 4 {
		for i := len(digits) - 3; i > 0; i -= 3 {
			digits = digits[:i] + "\u202f" + digits[i:]
		}
	}
	return sign + digits + fraction
}

// sentence is [fmt.Sprintf] for people: a count among the arguments is printed as [whole] does.
func sentence(format string, args ...any) string {
	for i, arg := range args {
		switch n := arg.(type) {
		case int:
			args[i] = thousands(n)
		case int64:
			args[i] = thousands(n)
		}
	}
	return fmt.Sprintf(format, args...)
}

// thousands is a count whose thousands are set apart.
type thousands int64

// Format implements [fmt.Formatter] for %d.
func (g thousands) Format(f fmt.State, verb rune) {
	if verb != 'd' {
		fmt.Fprintf(f, fmt.FormatString(f, verb), int64(g))
		return
	}
	_, _ = io.WriteString(f, whole(float64(g)))
}

// itThem is the pronoun of n things.
func itThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
