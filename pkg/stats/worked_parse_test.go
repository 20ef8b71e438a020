package stats_test

import (
	"strconv"
	"strings"
	"testing"
)

func number(t *testing.T, s string) float64 {
	t.Helper()
	out, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fraction reads "81/263".
func fraction(t *testing.T, s string) (k, n int64) {
	t.Helper()
	top, bottom, _ := strings.Cut(s, "/")
	return int64(number(t, top)), int64(number(t, bottom))
}
