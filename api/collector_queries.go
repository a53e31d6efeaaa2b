package api

import "github.com/prometheus/client_golang/prometheus"

// queryCollector makes metrics of the queries that run and wait.
type queryCollector struct {
	proxy                             Proxy
	now, most                         *prometheus.Desc
	waits, waited, refused, displaced *prometheus.Desc
}

func newQueryCollector(proxy Proxy) *queryCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+"_queries"+name, help, labels, nil)
	}
	return &queryCollector{
		proxy:     proxy,
		now:       desc("", "Queries that are running or waiting for their turn.", "state"),
		most:      desc("_max", "Queries that may be running or waiting, by -max_queries and -max_queued.", "state"),
		waits:     desc("_waits_total", "Times that a query waited for its turn."),
		waited:    desc("_wait_seconds_total", "Time that queries spent waiting for their turn."),
		refused:   desc("_refused_total", "Queries refused as too many ran and waited (429)."),
		displaced: desc("_yielded_total", "Queries stopped as they were not as short as presumed, and begun anew in their turn."),
	}
}

// Describe implements prometheus.Collector.
func (c *queryCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.now, c.most, c.waits, c.waited, c.refused, c.displaced} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *queryCollector) Collect(ch chan<- prometheus.Metric) {
	metric := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, t, v, labels...)
	}
	s := c.proxy.Stats()
	metric(c.now, prometheus.GaugeValue, float64(s.Running), "running")
	metric(c.now, prometheus.GaugeValue, float64(s.Waiting), "waiting")
	metric(c.most, prometheus.GaugeValue, float64(s.MaxRunning), "running")
	metric(c.most, prometheus.GaugeValue, float64(s.MaxWaiting), "waiting")
	metric(c.waits, prometheus.CounterValue, float64(s.Waits))
	metric(c.waited, prometheus.CounterValue, s.WaitTime.Seconds())
	metric(c.refused, prometheus.CounterValue, float64(s.Refused))
	metric(c.displaced, prometheus.CounterValue, float64(s.Yielded))
}
