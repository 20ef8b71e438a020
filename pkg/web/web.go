// Package web serves what a finished run says: the quarterly reviews, the
// estimates as data, the metrics and the health of the process. It computes
// nothing and changes nothing: every address answers GET and HEAD only.
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
)

// ErrNotComputed is what a Source returns before the first run has finished.
var ErrNotComputed = errors.New("no computation has finished yet")

// Source gives the newest finished run. Its methods may be called at the same time.
type Source interface {
	// Snapshot is the newest finished run, or ErrNotComputed.
	Snapshot(ctx context.Context) (learning.Snapshot, error)
	// Quarters are those that have data, newest first.
	Quarters(ctx context.Context) ([]string, error)
	// Facts is all of one quarter. It is asked only for quarters that have data.
	Facts(ctx context.Context, quarter string) (review.Facts, error)
	// Explain is all there is to say of one estimate of the newest run; the error is
	// an explain.Missing if there is none.
	Explain(ctx context.Context, ask explain.Ask) (explain.Explanation, error)
	// AsOf is what is recorded as of a moment in milliseconds, and all moments that are.
	AsOf(ctx context.Context, asOf int64) (learning.Snapshot, []int64, error)
	// Ready is nil while the process can do its work.
	Ready() error
}

// Config of the handler. The zero value of a field takes its default.
type Config struct {
	Version string
	Metrics prometheus.Gatherer // none: /metrics is not served
	Timeout time.Duration       // for one request's questions to the store; 20 s
}

type site struct {
	source  Source
	version string
	timeout time.Duration
	log     *zap.Logger
}

// New makes the handler of all pages.
func New(c Config, source Source, log *zap.Logger) http.Handler {
	s := &site{source: source, version: c.Version, timeout: c.Timeout, log: log}
	if s.timeout == 0 {
		s.timeout = 20 * time.Second
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /review/{quarter}", s.review)
	mux.Handle("GET /review/{$}", http.RedirectHandler("/", http.StatusSeeOther)) // where the alert leads
	mux.HandleFunc("GET /board", s.board)
	mux.HandleFunc("GET /api/estimates", s.estimates)
	mux.HandleFunc("GET /explain", s.explainIndex)
	mux.HandleFunc("GET /explain/{metric}", s.explainPage)
	mux.HandleFunc("GET /api/explain/{metric}", s.explainData)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	if c.Metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(c.Metrics, promhttp.HandlerOpts{
			ErrorLog: zap.NewStdLog(log), MaxRequestsInFlight: 4, Timeout: s.timeout,
		}))
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		s.notice(w, http.StatusNotFound, "There is no such page", "The reviews start at the first page, which lists the quarters that have data.")
	})
	return headers(mux)
}

// Server wraps the handler with the limits that keep a slow or a greedy client
// from holding the process.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

func headers(next http.Handler) http.Handler {
	policy := review.ContentSecurityPolicy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

func (s *site) index(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	snapshot, err := s.source.Snapshot(ctx)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	quarters, err := s.source.Quarters(ctx)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.html(w, r, func(b *bytes.Buffer) error {
		return review.Index(b, review.IndexFacts{Quarters: quarters, Snapshot: snapshot, Version: s.version})
	})
}

func (s *site) review(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	quarter := r.PathValue("quarter")
	quarters, err := s.source.Quarters(ctx)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	if !slices.Contains(quarters, quarter) {
		s.unknownQuarter(w, quarter, quarters)
		return
	}
	facts, err := s.source.Facts(ctx, quarter)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.html(w, r, func(b *bytes.Buffer) error { return review.Page(b, facts) })
}

func (s *site) unknownQuarter(w http.ResponseWriter, quarter string, have []string) {
	reason := fmt.Sprintf("%q has no data.", quarter)
	if _, err := review.ParseQuarter(quarter); err != nil {
		reason = upperFirst(err.Error()) + "."
	}
	known := "No quarter has data yet."
	if len(have) > 0 {
		known = "Quarters that have data: " + strings.Join(have, ", ") + "."
	}
	s.notice(w, http.StatusNotFound, "No such quarter", reason, known)
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// html renders first and answers then, so that a page is whole or an error.
func (s *site) html(w http.ResponseWriter, r *http.Request, render func(*bytes.Buffer) error) {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		s.failed(w, r, err)
		return
	}
	s.write(w, http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

// failed says that it did not work. The reason goes to the log: it may name
// addresses that are none of the reader's business.
func (s *site) failed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrNotComputed):
		w.Header().Set("Retry-After", "10")
		s.notice(w, http.StatusServiceUnavailable, "Nothing has been computed yet",
			"The first computation has not finished. Reload this page in a moment.",
			"Until then there is no number to show, and none is shown.")
	case errors.Is(err, context.Canceled):
		s.log.Debug("the client went away", zap.String("path", r.URL.Path))
	default:
		s.log.Error("page failed", zap.String("path", r.URL.Path), zap.Error(err))
		w.Header().Set("Retry-After", "30")
		s.notice(w, http.StatusServiceUnavailable, "The store does not answer",
			"The page could not be made: the reason is in the log of the process. Try again in a moment.")
	}
}

func (s *site) notice(w http.ResponseWriter, status int, title string, lines ...string) {
	var b bytes.Buffer
	if err := review.Notice(&b, title, lines...); err != nil {
		s.log.Error("notice failed", zap.Error(err))
		plain(w, http.StatusInternalServerError, title)
		return
	}
	s.write(w, status, "text/html; charset=utf-8", b.Bytes())
}

func (s *site) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.source.Ready(); err != nil {
		s.log.Warn("not ready", zap.Error(err)) // the reason may quote the store: it belongs into the log
		plain(w, http.StatusServiceUnavailable, "not ready; the log says why")
		return
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, line)
}
