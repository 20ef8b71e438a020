package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/store"
)

// childEnv holds the settings of a process that computes once.
const childEnv = "TUITION_BENCHCOMPUTE"

type childSettings struct {
	Addr, Database, Username, Password string
	AsOf                               int64
}

// phases are the seconds of one computation, and what it took.
type phases struct {
	Fold, Load, Estimate, Publish float64
	CPU                           float64 // of the Go process
	Peak                          int64   // resident bytes of the Go process
	Estimates, Evidence           int
}

func (p phases) total() float64 { return p.Fold + p.Load + p.Estimate + p.Publish }

// counted is a publication that counts the evidence it is told.
type counted struct {
	*store.Publication
	rows int
}

func (c *counted) Part(id learning.Part, entries []learning.Entry) {
	c.rows += len(entries)
	c.Publication.Part(id, entries)
}

// child folds, reads, computes and publishes as the analyser does, and tells how long each took.
func child(settings string) error {
	var s childSettings
	if err := json.Unmarshal([]byte(settings), &s); err != nil {
		return err
	}
	ctx := context.Background()
	log := zap.NewNop()
	if os.Getenv("TUITION_BENCHCOMPUTE_LOG") != "" {
		log, _ = zap.NewDevelopment()
	}
	st, err := store.Open(ctx, store.Config{Addrs: []string{s.Addr}, Database: s.Database, Username: s.Username, Password: s.Password, ReadTimeout: time.Hour}, log)
	if err != nil {
		return err
	}
	defer st.Close()
	var p phases
	began := time.Now()
	lap := func(seconds *float64) {
		*seconds = time.Since(began).Seconds()
		began = time.Now()
	}
	if _, err := st.Fold(ctx); err != nil {
		return err
	}
	lap(&p.Fold)
	chosen := learning.DefaultSettings()
	in, err := st.LoadInput(ctx, store.LoadOptions{AsOf: s.AsOf, Window: chosen.AttributionWindow, SettingsHash: chosen.Hash(), Newest: true})
	if err != nil {
		return err
	}
	lap(&p.Load)
	evidence := counted{Publication: st.Publishing(ctx)}
	run := learning.ComputeTo(in, chosen, &evidence)
	lap(&p.Estimate)
	if err := evidence.Finish(run); err != nil {
		return err
	}
	lap(&p.Publish)
	p.Estimates, p.Evidence, p.Peak = len(run.Estimates), evidence.rows, peak("self")
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = fmt.Println(strings.TrimSpace(string(text)))
	return err
}
