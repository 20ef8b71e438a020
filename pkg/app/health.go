package app

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// health is what the process says of itself: gauges for Prometheus and the
// answer of /readyz.
type health struct {
	tombstones       prometheus.Counter
	blameless        *prometheus.CounterVec // by result
	analysisSuccess  prometheus.Gauge
	analysisDuration prometheus.Gauge
	analysisFailures prometheus.Counter

	mu       sync.Mutex
	analysis error
	checks   []func() error
}

func newHealth(registry prometheus.Registerer) *health {
	h := &health{
		tombstones: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tuition_consume_tombstones_total", Help: "Records without a value, which carry no event.",
		}),
		blameless: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tuition_blameless_checks_total", Help: "Published post-mortems whose wording was checked: passed, failed, or contradicted (stated to have passed, and did not).",
		}, []string{"result"}),
		analysisSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tuition_analysis_last_success_timestamp_seconds", Help: "When the estimates were last known to be up to date with the log.",
		}),
		analysisDuration: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tuition_analysis_duration_seconds", Help: "How long the last computation of the estimates took.",
		}),
		analysisFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tuition_analysis_failures_total", Help: "Computations of the estimates that failed.",
		}),
	}
	registry.MustRegister(h.tombstones, h.blameless, h.analysisSuccess, h.analysisDuration, h.analysisFailures)
	return h
}

// check adds one more condition of readiness.
func (h *health) check(ready func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, ready)
}

func (h *health) analysisFailed(err error) {
	h.analysisFailures.Inc()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.analysis = err
}

// analysisDone notes success; took is 0 where nothing had changed.
func (h *health) analysisDone(took time.Duration) {
	h.analysisSuccess.Set(float64(time.Now().UnixMilli()) / 1000)
	if took > 0 {
		h.analysisDuration.Set(took.Seconds())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.analysis = nil
}

// Ready is nil when every part that runs here works.
func (h *health) Ready() error {
	h.mu.Lock()
	checks, faults := h.checks, []error{h.analysis}
	h.mu.Unlock()
	for _, check := range checks {
		faults = append(faults, check())
	}
	return errors.Join(faults...)
}
