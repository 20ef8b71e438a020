package consume

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

// metrics are the consumer's own health, named tuition_consume_….
type metrics struct {
	records, bytes          prometheus.Counter
	batches, abandoned      prometheus.Counter
	deadLetters             prometheus.Counter
	rebalances, groupErrors prometheus.Counter
	fetchErrors             prometheus.Counter
	rejections              *prometheus.CounterVec // code
	retries                 *prometheus.CounterVec // stage
	gaps                    *prometheus.CounterVec // topic, reason
	lost                    *prometheus.CounterVec // topic
	flush                   prometheus.Histogram
	lastCommit, ready       prometheus.Gauge
	all                     []prometheus.Collector

	lagDesc *prometheus.Desc
	mu      sync.Mutex
	offsets map[TopicPartition]*offsets
}

// offsets of a partition that is assigned to this process.
type offsets struct{ committed, end int64 }

func newMetrics() *metrics {
	m := &metrics{offsets: map[TopicPartition]*offsets{}}
	name := func(n, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "tuition", Subsystem: "consume", Name: n, Help: help}
	}
	counter := func(n, help string) prometheus.Counter {
		c := prometheus.NewCounter(name(n, help))
		m.all = append(m.all, c)
		return c
	}
	vector := func(n, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(name(n, help), labels)
		m.all = append(m.all, c)
		return c
	}
	gauge := func(n, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts(name(n, help)))
		m.all = append(m.all, g)
		return g
	}
	m.records = counter("records_total", "Records read from Kafka.")
	m.bytes = counter("bytes_total", "Bytes of the keys and values of the records read, uncompressed.")
	m.batches = counter("batches_total", "Batches that the store has acknowledged.")
	m.abandoned = counter("batches_abandoned_total", "Batches that could not be stored, or not before the end of a generation; their records are read again.")
	m.deadLetters = counter("dead_letters_total", "Records written to the dead-letter topic.")
	m.rebalances = counter("rebalances_total", "Assignments of partitions received from the consumer group.")
	m.groupErrors = counter("group_errors_total", "Failed attempts to join the consumer group.")
	m.fetchErrors = counter("fetch_errors_total", "Connections to a partition's leader that failed.")
	m.rejections = vector("rejections_total", "Records that can never be stored, by the code of the reason.", "code")
	m.retries = vector("retries_total", "Failed attempts that were tried again, by stage: store, deadletter or commit.", "stage")
	m.gaps = vector("retention_gaps_total", "Times that the committed offset was outside the log, by reason: retention or recreated.", "topic", "reason")
	m.lost = vector("lost_records_total", "Records that retention deleted before they were read.", "topic")
	m.lastCommit = gauge("last_commit_timestamp_seconds", "When offsets were last committed, in seconds since 1970.")
	m.ready = gauge("ready", "1 while the consumer is a member of its group and can store, else 0.")
	m.flush = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "tuition", Subsystem: "consume", Name: "flush_duration_seconds",
		Help:    "How long one attempt to store a batch took.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	})
	m.all = append(m.all, m.flush)
	m.lagDesc = prometheus.NewDesc("tuition_consume_lag_records", "Records of an assigned partition that are not yet stored and committed.", []string{"topic", "partition"}, nil)
	return m
}

// forget drops the partitions that are no longer assigned.
func (m *metrics) forget(assigned map[string][]kafka.PartitionAssignment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.offsets)
	for topic, ps := range assigned {
		for _, p := range ps {
			m.offsets[TopicPartition{topic, int32(p.ID)}] = &offsets{committed: -1}
		}
	}
}

// reached notes where reading starts.
func (m *metrics) reached(tp TopicPartition, offset, end int64) {
	m.update(tp, func(o *offsets) { o.committed, o.end = offset, end })
}

func (m *metrics) committed(tp TopicPartition, next int64) {
	m.update(tp, func(o *offsets) { o.committed = next })
}

func (m *metrics) highWater(tp TopicPartition, end int64) {
	m.update(tp, func(o *offsets) { o.end = end })
}

func (m *metrics) update(tp TopicPartition, f func(*offsets)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o := m.offsets[tp]; o != nil {
		f(o)
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.all {
		c.Describe(ch)
	}
	ch <- m.lagDesc
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.all {
		c.Collect(ch)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for tp, o := range m.offsets {
		if o.committed >= 0 {
			ch <- prometheus.MustNewConstMetric(m.lagDesc, prometheus.GaugeValue, float64(max(o.end-o.committed, 0)), tp.Topic, itoa(tp.Partition))
		}
	}
}

// Collector gives the consumer's metrics.
func (c *Consumer) Collector() prometheus.Collector { return c.metrics }
