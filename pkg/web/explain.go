package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
)

const (
	listed     = 50   // of what an estimate counted, on the page
	listedData = 1000 // the same as data, unless limit says otherwise
	mostListed = 10_000
	longest    = 300 // bytes of a name in an address
)

// wrong is an address that asks for what cannot be.
type wrong struct{ error }

// parseExplain reads the metric and scope, window and, where it is allowed, limit of an address.
func parseExplain(r *http.Request, limit int, allowed ...string) (explain.Ask, error) {
	ask := explain.Ask{Metric: r.PathValue("metric"), Scope: learning.Scope{Kind: "organisation"}, Window: "all", Limit: limit}
	if len(ask.Metric) > longest {
		return ask, wrong{errors.New("the metric's name is too long: /explain lists them all")}
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ask, wrong{errors.New("the parameters cannot be read: write them as ?scope=team:payments&window=2026-Q3")}
	}
	for name, given := range values {
		value := given[len(given)-1]
		if len(given) > 1 || len(value) > longest {
			return ask, wrong{fmt.Errorf("give %s once and in at most %d bytes", strconv.Quote(name[:min(len(name), 20)]), longest)}
		}
		switch {
		case !slices.Contains(allowed, name):
			err = fmt.Errorf("there is no parameter of that name: the parameters are %s", strings.Join(allowed, ", "))
		case name == "scope":
			ask.Scope, err = parseScope(value)
		case name == "window":
			ask.Window = value
			if value != "all" {
				_, err = review.ParseQuarter(value)
			}
		case name == "limit":
			ask.Limit, err = strconv.Atoi(value)
			if err != nil || ask.Limit < 0 || ask.Limit > mostListed {
				err = fmt.Errorf("limit is a number from 0 to %d", mostListed)
			}
		}
		if err != nil {
			return ask, wrong{err}
		}
	}
	return ask, nil
}

func parseScope(text string) (learning.Scope, error) {
	kind, name, _ := strings.Cut(text, ":")
	if !slices.Contains(learning.ScopeKinds, kind) || (kind == "organisation") != (name == "") {
		return learning.Scope{}, fmt.Errorf("scope is organisation, or kind:name with one of the kinds %s, as in team:payments", strings.Join(learning.ScopeKinds[1:], ", "))
	}
	return learning.Scope{Kind: kind, Name: name}, nil
}

// status is the code for an error of an explanation, 0 for one of the store.
func status(err error) int {
	var bad wrong
	var missing explain.Missing
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest
	case errors.As(err, &missing):
		return http.StatusNotFound
	default:
		return 0
	}
}

// explainIndex answers /explain: every metric with its state.
func (s *site) explainIndex(w http.ResponseWriter, r *http.Request) { s.explainFamily(w, r, "") }

func (s *site) explainFamily(w http.ResponseWriter, r *http.Request, family string) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	ask, err := parseExplain(r, 0, "scope", "window")
	if err != nil {
		s.explainFailed(w, r, err)
		return
	}
	snapshot, err := s.snapshotOf(ctx, ask.Scope)
	if err == nil {
		err = explain.NoWindow(snapshot.Estimates, ask.Window)
	}
	if err == nil && family != "" {
		err = explain.Offered(snapshot.Estimates, family, ask)
	}
	if err != nil {
		s.explainFailed(w, r, err)
		return
	}
	s.html(w, r, func(b *bytes.Buffer) error {
		return review.ExplainIndex(b, snapshot, family, ask.Scope, ask.Window, s.version)
	})
}

// snapshotOf is the newest run, in which a scope is.
func (s *site) snapshotOf(ctx context.Context, scope learning.Scope) (learning.Snapshot, error) {
	snapshot, err := s.source.Snapshot(ctx)
	if err == nil && !slices.ContainsFunc(snapshot.Estimates, func(e learning.Estimate) bool { return e.Scope == scope }) {
		err = explain.NoScope(snapshot.Estimates, scope)
	}
	return snapshot, err
}

// explainPage answers /explain/{metric}; a family's name lists its parts.
func (s *site) explainPage(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	ask, err := parseExplain(r, listed, "scope", "window")
	if err == nil {
		err = explain.Known(ask.Metric)
	}
	if err != nil {
		s.explainFailed(w, r, err)
		return
	}
	if _, metric := learning.Lookup(ask.Metric); !metric {
		s.explainFamily(w, r, ask.Metric)
		return
	}
	x, err := s.source.Explain(ctx, ask)
	if err != nil {
		s.explainFailed(w, r, err)
		return
	}
	snapshot, err := s.source.Snapshot(ctx)
	if err != nil {
		s.explainFailed(w, r, err)
		return
	}
	s.html(w, r, func(b *bytes.Buffer) error {
		return review.ExplainPage(b, review.ExplainFacts{Explanation: x, Snapshot: snapshot, Version: s.version})
	})
}

func (s *site) explainFailed(w http.ResponseWriter, r *http.Request, err error) {
	switch code := status(err); code {
	case 0:
		s.failed(w, r, err)
	case http.StatusBadRequest:
		s.notice(w, code, "That cannot be asked", upperFirst(err.Error())+".")
	default:
		s.notice(w, code, "There is no such estimate", upperFirst(err.Error())+".", "All metrics stand at /explain.")
	}
}

// explainData answers /api/explain/{metric}.
func (s *site) explainData(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	ask, err := parseExplain(r, listedData, "scope", "window", "limit")
	if err == nil {
		err = explain.Known(ask.Metric)
	}
	if err == nil {
		if _, metric := learning.Lookup(ask.Metric); !metric {
			s.sendJSON(w, http.StatusOK, map[string]any{"family": ask.Metric, "parts": explain.List(ask.Metric)})
			return
		}
	}
	var x explain.Explanation
	if err == nil {
		x, err = s.source.Explain(ctx, ask)
	}
	switch code := status(err); {
	case err == nil:
		s.sendJSON(w, http.StatusOK, x)
	case code != 0:
		s.problem(w, code, err.Error())
	case errors.Is(err, ErrNotComputed):
		s.notComputed(w)
	default:
		s.log.Error("explanation failed", zap.String("metric", ask.Metric), zap.Error(err))
		s.problem(w, http.StatusServiceUnavailable, "the store does not answer: the reason is in the log of the process")
	}
}
