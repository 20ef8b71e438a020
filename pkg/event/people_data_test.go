package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
)

var update = flag.Bool("update", false, "write what was got as what is expected")

// TestPeopleInRealData counts, by source and kind, what is taken for a person in 38
// real post-mortems and in the example payloads of the sources that tuition is for.
// The golden file holds counts and kinds, and of no identifier more than its length;
// what of it is wrongly taken was looked through by hand and is told in docs/privacy.md.
func TestPeopleInRealData(t *testing.T) {
	counts := map[string]int{}
	var source string
	count := func(kind string, who string) {
		counts[fmt.Sprintf("%s\t%s", source, kind)]++
		if os.Getenv("TUITION_TEST_SHOW") != "" {
			t.Log(source, kind, who)
		}
	}
	var walk func(name string, v any, whole bool)
	walk = func(name string, v any, whole bool) {
		switch v := v.(type) {
		case string:
			if whole && !impersonal(name, v) {
				count("a field for people", name)
				return
			}
			if suspect(v) {
				for _, p := range findPeople(fold(v).text) {
					count(p.kind, p.key)
				}
			}
		case []any:
			for _, item := range v {
				walk(name, item, whole)
			}
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(key, v[key], whole || isPersonal(key))
			}
		}
	}
	payloads := servertest.Shared(t, "payloads")
	err := filepath.WalkDir(payloads, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") || strings.Contains(path, "schema") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var v any
		if json.Unmarshal(raw, &v) != nil {
			return nil
		}
		source = filepath.Base(filepath.Dir(path))
		walk("", v, false)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	source = "reports"
	files, _ := filepath.Glob(servertest.Shared(t, "data", "dfds-postmortems", "reports") + "/*.md")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		walk("", string(raw), false)
	}
	var b bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%s\t%d\n", key, counts[key])
	}
	file := filepath.Join("testdata", "people.tsv")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, b.Bytes()) {
		t.Errorf("%s says something else (%v); look through it with TUITION_TEST_SHOW=1, write it with -update. Got\n%s", file, err, b.Bytes())
	}
}
