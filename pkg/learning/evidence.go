package learning

import (
	"slices"
	"strings"
)

// ledger collects what the estimates counted, apart for each of them: sorting
// few long lists of short rows is much cheaper than one of all rows.
type ledger struct {
	accounts map[account]*[]entry
	last     account // the one written to last, as rows of one estimate come together
	open     *[]entry
}

// account is the estimate that evidence belongs to.
type account struct {
	metric string
	scope  Scope
	window string
}

type entry struct{ role, kind, entity string }

func (l *ledger) add(a account, e entry) {
	if l.open == nil || a != l.last {
		if l.accounts == nil {
			l.accounts = map[account]*[]entry{}
		}
		l.last, l.open = a, l.accounts[a]
		if l.open == nil {
			l.open = new([]entry)
			l.accounts[a] = l.open
		}
	}
	*l.open = append(*l.open, e)
}

// sorted gives all rows, by estimate and then by what they say.
func (l *ledger) sorted() []Evidence {
	order := make([]account, 0, len(l.accounts))
	n := 0
	for a, entries := range l.accounts {
		order = append(order, a)
		n += len(*entries)
	}
	if n == 0 {
		return nil
	}
	slices.SortFunc(order, func(a, b account) int {
		return inOrder(&[4]string{a.metric, a.scope.Kind, a.scope.Name, a.window}, &[4]string{b.metric, b.scope.Kind, b.scope.Name, b.window})
	})
	out := make([]Evidence, 0, n)
	for _, a := range order {
		entries := *l.accounts[a]
		slices.SortFunc(entries, func(a, b entry) int {
			switch {
			case a.role != b.role:
				return strings.Compare(a.role, b.role)
			case a.kind != b.kind:
				return strings.Compare(a.kind, b.kind)
			default:
				return strings.Compare(a.entity, b.entity)
			}
		})
		for _, e := range entries {
			out = append(out, Evidence{a.metric, a.scope, a.window, e.role, e.kind, e.entity})
		}
	}
	return out
}

// evidence adds what an estimate counted.
func (c *computation) evidence(g *group, w window, metric, role, kind, entity string) {
	c.ledger.add(account{metric, g.Scope, w.name}, entry{role, kind, entity})
}
