package review

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/tuition-hq/tuition/pkg/learning"
)

//go:embed page.html charts.html index.html explain.html board.html style.css
var files embed.FS

var (
	style     = mustRead("style.css")
	templates = template.Must(template.New("").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) }, // our own file, never data
	}).ParseFS(files, "page.html", "charts.html", "index.html", "explain.html", "board.html"))
)

func mustRead(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded at build time
	}
	return string(b)
}

// ContentSecurityPolicy is the policy that the pages are made for: nothing is
// loaded, nothing runs, and only their own style sheet applies.
func ContentSecurityPolicy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// stateMark is a state as word, shape and colour.
type stateMark struct{ Word, Shape, Class string }

func markOf(s learning.State) stateMark {
	switch s {
	case learning.OK:
		return stateMark{stateWord(s), "dot", "ok"}
	case learning.Insufficient:
		return stateMark{stateWord(s), "ring", "insufficient"}
	default:
		return stateMark{stateWord(s), "triangle", "attention"}
	}
}

func stateWord(s learning.State) string {
	switch s {
	case learning.OK:
		return "ok"
	case learning.Insufficient:
		return "insufficient"
	default:
		return "assumption failed"
	}
}

// A section is one numbered part of the page. One without content is left out.
type section struct {
	Number   int
	ID       string
	Title    string
	Lead     string
	Readings []statement
	Charts   []chart
	Tables   []table

	Windows   []string // columns of the scorecard
	Scorecard []scoreFamily
}

type table struct {
	Caption string
	Columns []column
	Rows    [][]cell
	Closed  bool // folded away on the screen, open in print
	Cards   bool // rows become cards on a narrow screen
	Screen  bool // left out on paper, where it would take more pages than all else
}

type column struct{ Name, Class string }

type cell struct {
	Text, Sub string
	Mark      *stateMark
	More      *more
}

type more struct {
	Summary string
	Lines   []string
}

type pageView struct {
	Quarter     string
	Period      string
	Provisional string
	AsOf        string
	Answer      answer
	Sections    []section
	Automatic   string
	Version     string
	Hash        string
	Run         string
}

// Page writes the review of one quarter. The same facts give the same bytes.
func Page(w io.Writer, f Facts) error {
	q, err := ParseQuarter(f.Quarter)
	if err != nil {
		return fmt.Errorf("review page: %w", err)
	}
	es := arrange(f.Snapshot.Estimates)
	v := pageView{
		Quarter: q.String(),
		Period:  period(q),
		AsOf:    moment(f.Snapshot.AsOf) + " UTC",
		Answer:  answerOf(&f, q, es),
		Version: version(f.Version),
		Hash:    f.Input.Hash,
		Run:     f.Snapshot.RunID,
	}
	v.Automatic = automatic(f.Input.Coverage)
	if f.Snapshot.AsOf < q.End().UnixMilli() {
		v.Provisional = "Provisional: the quarter was observed until " + day(f.Snapshot.AsOf) + " only."
	}
	for _, s := range []section{
		quality(&f, q, es), scorecard(&f, q, es), repeats(&f, q, es), monitoring(&f, q, es), changes(&f, q, es),
		durations(&f, q, es), tuition(q, es), improvements(&f, q, es), incidents(&f, q), scopes(&f), method(&f, es),
	} {
		if len(s.Readings)+len(s.Charts)+len(s.Tables)+len(s.Scorecard) == 0 {
			continue
		}
		s.Number = len(v.Sections) + 2
		v.Sections = append(v.Sections, s)
	}
	return render(w, "page.html", v)
}

// IndexFacts is what the first page is made from.
type IndexFacts struct {
	Quarters []string // newest first
	Snapshot learning.Snapshot
	Version  string
}

type indexView struct {
	Quarters []indexQuarter
	Answer   []statement
	AsOf     string
	Version  string
}

type indexQuarter struct{ Name, Period, Reading string }

// Index writes the page that leads to the quarters.
func Index(w io.Writer, f IndexFacts) error {
	es := arrange(f.Snapshot.Estimates)
	v := indexView{Version: version(f.Version)}
	if f.Snapshot.AsOf != 0 {
		v.AsOf = day(f.Snapshot.AsOf)
	}
	v.Answer = headlines(es, wholeRecord)
	for i := range v.Answer {
		v.Answer[i].Scope = "" // the heading says it of all of them
	}
	for _, name := range f.Quarters {
		q, err := ParseQuarter(name)
		if err != nil {
			return fmt.Errorf("index page: %w", err)
		}
		if unseen(es, name) {
			continue
		}
		v.Quarters = append(v.Quarters, indexQuarter{Name: q.String(), Period: period(q)})
	}
	return render(w, "index.html", v)
}

// Notice writes a page that says one thing, such as why there is no review yet.
func Notice(w io.Writer, title string, lines ...string) error {
	return render(w, "notice.html", struct {
		Title string
		Lines []string
	}{title, lines})
}

// render writes whole pages only: a template that fails half-way writes nothing.
func render(w io.Writer, name string, v any) error {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	_, err := w.Write(bytes.Map(shown, b.Bytes()))
	return err
}

// shown puts a mark in place of what has no shape of its own: names come from
// whoever sends events, and such characters turn the direction of writing, or
// command the terminal of one who reads the page in it.
func shown(r rune) rune {
	if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
		return unicode.ReplacementChar
	}
	return r
}

// version leaves out the program's name, which stands before it on the page.
func version(s string) string { return strings.TrimPrefix(s, "tuition ") }

// unseen says that nothing at all was there in a quarter to be counted: it lies
// before the record begins.
func unseen(es estimates, quarter string) bool {
	found := false
	for _, e := range es.by {
		if e.Window != quarter {
			continue
		}
		if e.N > 0 || e.Exposure > 0 {
			return false
		}
		found = true
	}
	return found
}

func period(q Quarter) string {
	last := q.End().Add(-time.Hour)
	return q.Start().Format("2 January") + " – " + last.Format("2 January 2006")
}

func automatic(c learning.Coverage) string {
	if c.Incidents == 0 {
		return "No failure is on record."
	}
	return fmt.Sprintf("%s of %s failures came from automatic sources (%s).", count(c.AutomaticSource), count(c.Incidents),
		quantity(float64(c.AutomaticSource)/float64(c.Incidents), "share"))
}
