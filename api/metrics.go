package api

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kolide/databalancer/router"
)

const namespace = "databalancer"

// buckets are the bounds of the latency histograms in seconds: from a point
// query to the longest time that queries get by default.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// metrics are what /metrics shows. Labels are routes, status codes and shards,
// never families: there may be any number of those.
type metrics struct {
	handler   http.Handler
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	aborted   *prometheus.CounterVec
	rows      prometheus.Counter
	events    prometheus.Counter

	mu    sync.RWMutex
	known map[outcome]series
}

// outcome is what a request's metrics are labelled with.
type outcome struct {
	route  string
	status int
}

// series are the metrics of one outcome. To find them by their labels takes
// much longer than to change them.
type series struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

func newMetrics(cfg *Config) *metrics {
	m := &metrics{
		known: map[outcome]series{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "http_requests_total",
			Help: "Requests answered, by route and status code."}, []string{"route", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "http_request_duration_seconds",
			Help: "Time from the request's headers to the end of its answer, by route.", Buckets: buckets}, []string{"route"}),
		aborted: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "http_aborted_total",
			Help: "Answers that were cut off after their beginning was sent, by route."}, []string{"route"}),
		rows: prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "rows_total",
			Help: "Rows returned by queries."}),
		events: prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "events_total",
			Help: "Log events stored."}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info",
		Help: "Always 1; the version is in the label.", ConstLabels: prometheus.Labels{"version": cfg.Version}})
	build.Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.durations, m.aborted, m.rows, m.events, build,
		newShardCollector(cfg.Catalog, cfg.Shards), newQueryCollector(cfg.Proxy),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if cfg.Plans != nil {
		registry.MustRegister(planCollectors(cfg.Plans)...)
	}
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// planCollectors show what became of the plans that were remembered.
func planCollectors(plans func() router.PlanStats) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: "plan_cache_hits_total",
			Help: "Queries whose plan was remembered."}, func() float64 { return float64(plans().Hits) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: "plan_cache_misses_total",
			Help: "Queries that were planned anew, of those whose plans can be remembered."}, func() float64 { return float64(plans().Misses) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: "plan_cache_bytes",
			Help: "Memory that the remembered plans take, estimated."}, func() float64 { return float64(plans().Bytes) }),
	}
}

func (m *metrics) request(route string, status int, aborted bool, dur time.Duration) {
	s := m.series(outcome{route, status})
	s.requests.Inc()
	s.duration.Observe(dur.Seconds())
	if aborted {
		m.aborted.WithLabelValues(route).Inc()
	}
}

// series returns an outcome's metrics, which begin with its first request.
func (m *metrics) series(o outcome) series {
	m.mu.RLock()
	s, ok := m.known[o]
	m.mu.RUnlock()
	if ok {
		return s
	}
	s = series{m.requests.WithLabelValues(o.route, strconv.Itoa(o.status)), m.durations.WithLabelValues(o.route)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[o] = s
	return s
}

func (a *API) getMetrics(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	a.metrics.handler.ServeHTTP(w, r)
	return nil
}
