package adapter

import (
	"context"
	"testing"
)

// collected is a sink that keeps everything.
type collected struct {
	events   []Event
	findings []Finding
	faults   []*Fault
}

func (c *collected) Event(e Event) error     { c.events = append(c.events, e); return nil }
func (c *collected) Finding(f Finding) error { c.findings = append(c.findings, f); return nil }
func (c *collected) Fault(f *Fault) error    { c.faults = append(c.faults, f); return nil }

func load(t testing.TB, dir, name string) *Adapter {
	t.Helper()
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := set.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func read(t testing.TB, a *Adapter, path string, set map[string]string) collected {
	t.Helper()
	var c collected
	if err := a.File(context.Background(), path, Options{Set: set}, &c); err != nil {
		t.Fatal(err)
	}
	return c
}
