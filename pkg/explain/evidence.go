package explain

import (
	"cmp"
	"slices"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Counted is what an estimate counted: the latest first, and how many more there are.
type Counted struct {
	Of    string `json:"of"` // the metric whose evidence it is
	Total int    `json:"total"`
	Rest  int    `json:"rest"` // counted and not listed
	Items []Item `json:"items"`
}

// Item is one thing that was counted.
type Item struct {
	Role        string `json:"role"` // event, censored, population
	Kind        string `json:"kind"` // incident, change, monitoring_gap, improvement, …
	Entity      string `json:"entity"`
	Title       string `json:"title,omitempty"`
	At          string `json:"at,omitempty"` // when it began, finished or was found; empty where nobody told
	Service     string `json:"service,omitempty"`
	FailureMode string `json:"failure_mode,omitempty"`

	at int64
}

// Millis is when it was, 0 where nobody told.
func (i Item) Millis() int64 { return i.at }

func counted(f Facts, m learning.Metric, limit int) Counted {
	out := Counted{Of: cmp.Or(m.Evidence, m.Name), Items: []Item{}}
	wanted := map[[2]string]Item{}
	for _, e := range f.Evidence {
		wanted[[2]string{e.Kind, e.Entity}] = Item{}
	}
	describe(f.Input, wanted)
	for _, e := range f.Evidence {
		item := wanted[[2]string{e.Kind, e.Entity}]
		item.Role, item.Kind, item.Entity, item.Title = e.Role, e.Kind, e.Entity, f.Titles[e.Entity]
		if item.at != 0 {
			item.At = learning.Instant(item.at)
		}
		out.Items = append(out.Items, item)
	}
	slices.SortStableFunc(out.Items, func(a, b Item) int {
		return cmp.Or(roleOrder(a.Role)-roleOrder(b.Role), cmp.Compare(b.at, a.at), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Entity, b.Entity))
	})
	out.Total = len(out.Items)
	if limit >= 0 && len(out.Items) > limit {
		out.Items = out.Items[:limit]
	}
	out.Rest = out.Total - len(out.Items)
	return out
}

func roleOrder(role string) int {
	return slices.Index([]string{"event", "censored", "population"}, role)
}

// describe fills in what the rows say of the entities that are wanted.
func describe(in *learning.Input, wanted map[[2]string]Item) {
	note := func(kind, id string, at int64, service, mode string) {
		key := [2]string{kind, id}
		if _, ok := wanted[key]; ok {
			wanted[key] = Item{at: at, Service: service, FailureMode: mode}
		}
	}
	for i := range in.Incidents {
		x := &in.Incidents[i]
		note("incident", x.ID, x.At(), x.Service, x.FailureMode)
	}
	for i := range in.FailedChange {
		x := &in.FailedChange[i]
		note("change", x.ID, x.FinishedAt, x.Service, "")
	}
	for i := range in.Improvements {
		x := &in.Improvements[i]
		note("improvement", x.ID, cmp.Or(x.WitnessedClosedAt, x.ClosedAt, x.OpenedAt), x.Service, x.FailureMode)
	}
	for i := range in.Gaps {
		x := &in.Gaps[i]
		note("monitoring_gap", x.ID, x.FoundAt, x.Service, x.FailureMode)
	}
	for i := range in.Experiments {
		x := &in.Experiments[i]
		note("experiment", x.ID, cmp.Or(x.StartedAt, x.FinishedAt), x.Service, x.FailureMode)
	}
	for i := range in.NearMisses {
		x := &in.NearMisses[i]
		note("near_miss", x.ID, x.At, x.Service, x.FailureMode)
	}
	for i := range in.Postmortems {
		x := &in.Postmortems[i]
		note("postmortem", x.ID, x.PublishedAt, "", "")
	}
	for i := range in.Risks {
		x := &in.Risks[i]
		note("risk", x.ID, x.RecordedAt, x.Service, x.FailureMode)
	}
	for i := range in.Costs {
		x := &in.Costs[i]
		note("cost", x.ID, x.RecordedAt, "", "")
	}
}
