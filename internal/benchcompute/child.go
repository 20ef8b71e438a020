package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/store"
)

// childEnv holds the settings of the process that computes.
const childEnv = "TUITION_BENCHCOMPUTE"

type childSettings struct {
	Addr, Database, Username, Password string
}

// phases are the seconds of one computation, and what it took.
type phases struct {
	Fold, Load, Estimate, Publish float64
	CPU                           float64 // of the Go process
	Peak                          int64   // resident bytes of the Go process
	Estimates, Evidence           int
}

func (p phases) total() float64 { return p.Fold + p.Load + p.Estimate + p.Publish }

// counted is a publication that counts what it is told.
type counted struct {
	*store.Publication
	rows, estimates int
}

func (c *counted) Estimate(e learning.Estimate) {
	c.estimates++
	c.Publication.Estimate(e)
}

func (c *counted) Part(id learning.Part, entries []learning.Entry) {
	c.rows += len(entries)
	c.Publication.Part(id, entries)
}

// child folds, reads, computes and publishes as the analyser does, once for each
// moment that it reads, and tells how long each step took.
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
	moments, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asOf int64
		if err := moments.Decode(&asOf); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		p, err := computation(ctx, st, asOf)
		if err != nil {
			return err
		}
		if err := answers.Encode(p); err != nil {
			return err
		}
	}
}

func computation(ctx context.Context, st *store.Store, asOf int64) (p phases, err error) {
	thrift := learning.Thrifty()
	defer thrift.End()
	began, before := time.Now(), ownCPU()
	lap := func(seconds *float64) {
		*seconds = time.Since(began).Seconds()
		began = time.Now()
	}
	if _, err := st.Fold(ctx); err != nil {
		return p, err
	}
	lap(&p.Fold)
	chosen := learning.DefaultSettings()
	in, err := st.LoadInput(ctx, store.LoadOptions{AsOf: asOf, Window: chosen.AttributionWindow, SettingsHash: chosen.Hash(), Newest: true})
	if err != nil {
		return p, err
	}
	thrift.Loaded()
	lap(&p.Load)
	told := counted{Publication: st.Publishing(ctx)}
	run := learning.Stream(in, chosen, &told)
	lap(&p.Estimate)
	if err := told.Finish(run); err != nil {
		return p, err
	}
	lap(&p.Publish)
	p.Estimates, p.Evidence, p.Peak, p.CPU = told.estimates, told.rows, peak("self"), ownCPU()-before
	return p, nil
}

// ownCPU are the seconds of this process.
func ownCPU() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // of itself it cannot fail
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}
