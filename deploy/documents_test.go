package deploy

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/http.md anew")

const (
	httpPage   = "../docs/http.md"
	metricHead = "| metric | labels | says |\n|---|---|---|\n"
)

// docs/http.md has every metric that tuition declares, with the help that Prometheus shows.
func TestMetricsAreDocumented(t *testing.T) {
	var rows []string
	for name, m := range exported(t) {
		if name != "up" { // Prometheus's own
			rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", name, m.labels, m.help))
		}
	}
	slices.Sort(rows)
	page := text(t, httpPage)
	prose, table, found := strings.Cut(page, metricHead)
	if !found {
		t.Fatalf("%s has no table of metrics", httpPage)
	}
	if want := strings.Join(rows, ""); table != want {
		if !*update {
			t.Fatalf("%s: the table is not the code's: go test ./deploy -run AreDocumented -update", httpPage)
		}
		if err := os.WriteFile(httpPage, []byte(prose+metricHead+want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// docs/http.md has every address that the pages are served at, and no other.
func TestAddressesAreDocumented(t *testing.T) {
	page := text(t, httpPage)
	served := map[string]bool{}
	for _, match := range regexp.MustCompile(`mux\.Handle(?:Func)?\("GET (/[^"]*)"`).FindAllStringSubmatch(text(t, "../pkg/web/web.go"), -1) {
		address := strings.TrimSuffix(match[1], "{$}")
		served[address] = true
		if !strings.Contains(page, "| `"+address+"` |") {
			t.Errorf("%s is served and not documented", address)
		}
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `(/[^`]*)` \\|").FindAllStringSubmatch(page, -1) {
		if !served[match[1]] {
			t.Errorf("%s is documented and not served", match[1])
		}
	}
}
