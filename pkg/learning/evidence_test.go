package learning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// strict is a sink that notes all it is told, and what must not be told.
type strict struct {
	parts  map[learning.Part]string
	bases  map[string]string
	wrong  []string
	longer int
}

func (s *strict) Part(id learning.Part, entries []learning.Entry) {
	text := fmt.Sprint(entries)
	if before, known := s.parts[id]; known && before != text {
		s.wrong = append(s.wrong, fmt.Sprintf("part %x is %s and %s", id, before, text))
	}
	s.parts[id] = text
	s.longer = max(s.longer, len(entries))
}

func (s *strict) Basis(b learning.Basis) {
	account := fmt.Sprint(b.Metric, b.Scope, b.Window)
	if _, told := s.bases[account]; told {
		s.wrong = append(s.wrong, account+" is told twice")
	}
	for _, id := range b.Parts {
		if _, told := s.parts[id]; !told {
			s.wrong = append(s.wrong, account+" rests on a part that was not told")
		}
	}
	s.bases[account] = fmt.Sprintf("%x", b.Parts)
}

// Evidence is told once for each estimate, in parts that the rows' order does not
// change, and those are what Compute gives beside its estimates.
func TestEvidenceInParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := random(rapid.Uint64().Draw(t, "input"), rapid.IntRange(1, 2).Draw(t, "services"),
			rapid.IntRange(0, 60).Draw(t, "incidents"), rapid.Int64Range(1, 300).Draw(t, "days"))
		tell := func(in learning.Input) (*strict, learning.Run) {
			s := &strict{parts: map[learning.Part]string{}, bases: map[string]string{}}
			return s, learning.ComputeTo(in, inEuros(), s)
		}
		one, run := tell(in)
		other, _ := tell(shuffled(in, rapid.Uint64().Draw(t, "order")))
		if len(one.wrong) > 0 {
			t.Fatal(strings.Join(one.wrong, "\n"))
		}
		for account, parts := range one.bases {
			if other.bases[account] != parts {
				t.Fatalf("the order of the rows changed what %s rests on", account)
			}
		}
		known := map[string]bool{}
		for _, e := range run.Estimates {
			known[fmt.Sprint(e.Metric, e.Scope, e.Window)] = true
		}
		for account := range one.bases {
			if !known[account] {
				t.Fatalf("a basis without an estimate: %s", account)
			}
		}
		if len(other.bases) != len(one.bases) {
			t.Fatalf("%d and %d bases", len(one.bases), len(other.bases))
		}
		whole := learning.Compute(in, inEuros())
		var held learning.Held
		learning.Tell(whole.Evidence, &held)
		if got := held.Of(whole.Estimates); !slices.Equal(got, whole.Evidence) {
			t.Fatalf("%d rows told give %d", len(whole.Evidence), len(got))
		}
		if bytes(learning.Run{Estimates: run.Estimates}) != bytes(learning.Run{Estimates: whole.Estimates}) {
			t.Fatal("estimates hang on where the evidence goes")
		}
	})
}

// Long evidence is cut, whatever its entries are: a part has at most 512, and a
// failure more at the beginning leaves the later parts as they were.
func TestPartsAreCut(t *testing.T) {
	tell := func(from, to int, name func(int) string) *strict {
		s := &strict{parts: map[learning.Part]string{}, bases: map[string]string{}}
		var rows []learning.Evidence
		for i := from; i < to; i++ {
			rows = append(rows, learning.Evidence{Metric: "m", Window: "all", Role: "event", Kind: "incident", Entity: name(i)})
		}
		learning.Tell(rows, s)
		return s
	}
	if s := tell(0, 5000, func(int) string { return "the same" }); s.longer > 512 {
		t.Errorf("a part of %d", s.longer)
	}
	named := func(i int) string { return fmt.Sprintf("INC-%d", i) }
	all, fewer := tell(0, 5000, named), tell(1, 5000, named)
	common := 0
	for id := range fewer.parts {
		if _, found := all.parts[id]; found {
			common++
		}
	}
	if n := len(fewer.parts); n < 80 || n > 320 || common < n-1 { // 5,000 by parts of 32 are 156
		t.Errorf("%d parts, %d of them as without the first", n, common)
	}
}
