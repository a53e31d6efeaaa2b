package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/julienschmidt/httprouter"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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
}

func newMetrics(version string, cat Catalog, shards Shards) *metrics {
	m := &metrics{
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
		Help: "Always 1; the version is in the label.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.durations, m.aborted, m.rows, m.events, build,
		newShardCollector(cat, shards),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

func (m *metrics) request(route string, status int, aborted bool, dur time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(dur.Seconds())
	if aborted {
		m.aborted.WithLabelValues(route).Inc()
	}
}

func (a *API) getMetrics(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	a.metrics.handler.ServeHTTP(w, r)
	return nil
}
