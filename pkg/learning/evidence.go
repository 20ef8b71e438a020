package learning

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
)

// Evidence leaves a computation as it is found, since there are hundreds of rows
// for each incident, and most are told again: by the team as by the organisation,
// by the quarter as by all time, by the next run as by this one. So what an estimate
// counted is told as parts, each a stretch of it that is named by its content.
// Where one part ends and the next begins depends on what is in it and on nothing
// else: stretches that two estimates have in common become common parts.

// Part names a stretch of evidence: a hash of its entries.
type Part [16]byte

// Entry is one thing that was counted.
type Entry struct {
	Role   string // event, censored, population
	Kind   string // incident, change, experiment, near_miss, monitoring_gap, improvement, postmortem, risk, cost, service
	Entity string
}

// Basis is what one estimate rests on: the entries of its parts, in no order and
// some more than once.
type Basis struct {
	Metric string
	Scope  Scope
	Window string
	Parts  []Part
}

// EvidenceSink takes evidence while it is found. Both are called by one goroutine.
type EvidenceSink interface {
	// Part is given each part before a Basis names it, some many times, some that none
	// will name. The entries are the caller's: they are others after the call.
	Part(id Part, entries []Entry)
	// Basis is given once for each estimate that counted anything.
	Basis(Basis)
}

const (
	// partEnds of so many entries, on average, the last of a part is one.
	partEnds = 32
	// longestPart bounds the parts in which no entry happens to be a last one.
	longestPart = 16 * partEnds
)

// account is the estimate that evidence belongs to.
type account struct {
	metric string
	scope  Scope
	window string
}

func (e *Estimate) account() account { return account{e.Metric, e.Scope, e.Window} }

// ledger collects what the estimates counted, apart for each of them.
type ledger struct {
	sink EvidenceSink
	open map[Scope]map[account]*book
	last *book // the one written to last, as rows of one estimate come together
	room []byte
}

// book is what one estimate counted so far.
type book struct {
	account
	parts   []Part
	entries []Entry // of the part that has not ended
	kept    bool    // there is such an estimate
}

func newLedger(sink EvidenceSink) ledger {
	return ledger{sink: sink, open: map[Scope]map[account]*book{}}
}

// keep says that there is such an estimate.
func (l *ledger) keep(a account) {
	if l.sink != nil {
		l.of(a).kept = true
	}
}

// of is the book of an estimate; nil if nobody asks for evidence.
func (l *ledger) of(a account) *book {
	if l.sink == nil {
		return nil
	}
	if l.last != nil && l.last.account == a {
		return l.last
	}
	books := l.open[a.scope]
	if books == nil {
		books = map[account]*book{}
		l.open[a.scope] = books
	}
	b := books[a]
	if b == nil {
		b = &book{account: a}
		books[a] = b
	}
	l.last = b
	return b
}

func (l *ledger) add(a account, e Entry) { l.write(l.of(a), e) }

// write adds to a book: who writes to many at once asks for each of them once.
func (l *ledger) write(b *book, e Entry) {
	if b == nil {
		return
	}
	b.entries = append(b.entries, e)
	if len(b.entries) == longestPart || e.ends() {
		l.end(b)
	}
}

// ends says whether a part ends with this entry: FNV-1a, mixed once more as its
// last letters would otherwise tell in few bits.
func (e Entry) ends() bool {
	h := uint64(14695981039346656037)
	for i := range len(e.Entity) {
		h = (h ^ uint64(e.Entity[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	return (h>>32)%partEnds == 0
}

func (l *ledger) end(b *book) {
	l.room = l.room[:0]
	for _, e := range b.entries {
		for _, text := range []string{e.Role, e.Kind, e.Entity} {
			l.room = binary.AppendUvarint(l.room, uint64(len(text)))
			l.room = append(l.room, text...)
		}
	}
	sum := sha256.Sum256(l.room)
	id := Part(sum[:len(Part{})])
	l.sink.Part(id, b.entries)
	b.parts = append(b.parts, id)
	b.entries = b.entries[:0]
}

// settle tells what the estimates of a scope rest on: there will be no more of
// those begun. What no estimate rests on is left out.
func (l *ledger) settle(scope Scope) {
	books := slices.SortedFunc(maps.Values(l.open[scope]), func(a, b *book) int {
		return inOrder(&[4]string{a.metric, a.window}, &[4]string{b.metric, b.window})
	})
	for _, b := range books {
		l.tell(b)
	}
	delete(l.open, scope)
	l.last = nil
}

// settleOne tells what one estimate rests on, long before its scope is settled.
func (l *ledger) settleOne(a account) {
	if b := l.open[a.scope][a]; b != nil {
		l.tell(b)
		delete(l.open[a.scope], a)
		l.last = nil
	}
}

func (l *ledger) tell(b *book) {
	if !b.kept {
		return
	}
	if len(b.entries) > 0 {
		l.end(b)
	}
	if len(b.parts) > 0 {
		l.sink.Basis(Basis{b.metric, b.scope, b.window, b.parts})
	}
}

// settleAll settles every scope that is left.
func (l *ledger) settleAll() {
	for _, scope := range slices.SortedFunc(maps.Keys(l.open), func(a, b Scope) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	}) {
		l.settle(scope)
	}
}

// evidence adds what an estimate counted.
func (c *computation) evidence(g *group, w window, metric, role, kind, entity string) {
	c.ledger.add(account{metric, g.Scope, w.name}, Entry{role, kind, entity})
}

// Tell tells a sink of evidence that is held, as a computation would: rows of one
// estimate come together.
func Tell(evidence []Evidence, sink EvidenceSink) {
	l := newLedger(sink)
	for _, e := range evidence {
		a := account{e.Metric, e.Scope, e.Window}
		l.add(a, Entry{e.Role, e.Kind, e.Entity})
		l.keep(a)
	}
	l.settleAll()
}

// Held is an EvidenceSink that keeps everything: for few incidents.
type Held struct {
	parts map[Part][]Entry
	bases map[account][]Part
}

// Part keeps a part.
func (h *Held) Part(id Part, entries []Entry) {
	if h.parts == nil {
		h.parts = map[Part][]Entry{}
	}
	if _, known := h.parts[id]; !known {
		h.parts[id] = slices.Clone(entries)
	}
}

// Basis keeps what an estimate rests on.
func (h *Held) Basis(b Basis) {
	if h.bases == nil {
		h.bases = map[account][]Part{}
	}
	h.bases[account{b.Metric, b.Scope, b.Window}] = b.Parts
}

// Of gives what these estimates counted, in their order, of each by role, kind and entity.
func (h *Held) Of(estimates []Estimate) []Evidence {
	var out []Evidence
	for i := range estimates {
		e := &estimates[i]
		from := len(out)
		for _, id := range h.bases[e.account()] {
			for _, entry := range h.parts[id] {
				out = append(out, Evidence{e.Metric, e.Scope, e.Window, entry.Role, entry.Kind, entry.Entity})
			}
		}
		slices.SortFunc(out[from:], func(a, b Evidence) int {
			switch {
			case a.Role != b.Role:
				return strings.Compare(a.Role, b.Role)
			case a.Kind != b.Kind:
				return strings.Compare(a.Kind, b.Kind)
			default:
				return strings.Compare(a.Entity, b.Entity)
			}
		})
	}
	return out
}
