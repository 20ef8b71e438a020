package main

import (
	"os"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
)

// As a child of its own tests the program is what bench starts.
func TestMain(m *testing.M) {
	if os.Getenv(fetchEnv) != "" {
		main()
		return
	}
	servertest.Main(m)
}

func TestATinyBenchmark(t *testing.T) {
	servertest.Engine(t) // skips, or fails in CI, where these are not installed
	servertest.SharedKafka(t)
	var out strings.Builder
	if err := command(t.Context(), []string{"-n", "20000"}, &out); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	for _, want := range []string{"20000 events", "tuition / (a)", "(b) INSERT", "(c) bare"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "Inf") {
		t.Error("a rate is missing")
	}
}
