package store

import (
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

// TestTextsAreSentAsClickHouseReadsThem: texts of which the length takes one byte and
// several, and what is left after a cut.
func TestTextsAreSentAsClickHouseReadsThem(t *testing.T) {
	texts := []string{"", "a", strings.Repeat("b", 127), strings.Repeat("c", 128), strings.Repeat("d", 70_000), "e"}
	for rows := range len(texts) + 1 {
		var c textColumn
		for _, text := range texts {
			c.add(text)
		}
		c.truncate(rows)
		c.add("after")
		var sent proto.Buffer
		c.EncodeColumn(&sent)
		var read proto.ColStr
		if err := read.DecodeColumn(sent.Reader(), c.Rows()); err != nil {
			t.Fatal(err)
		}
		for i, want := range append(texts[:rows:rows], "after") {
			if got := read.Row(i); got != want {
				t.Errorf("cut to %d rows, text %d: %d bytes instead of %d", rows, i, len(got), len(want))
			}
		}
	}
}
