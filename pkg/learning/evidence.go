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

// of gives what these estimates counted, in their order; what no estimate of them rests on is left out.
func (l *ledger) of(estimates []Estimate) []Evidence {
	n := 0
	for i := range estimates {
		if entries := l.accounts[estimates[i].account()]; entries != nil {
			n += len(*entries)
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]Evidence, 0, n)
	for i := range estimates {
		a := estimates[i].account()
		if l.accounts[a] == nil {
			continue
		}
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

func (e *Estimate) account() account { return account{e.Metric, e.Scope, e.Window} }
