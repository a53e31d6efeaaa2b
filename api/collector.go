package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/shard"
)

// shardCollector reads the state of the shards when the metrics are scraped.
// It does no I/O: whether a shard is up is what its last ping found.
type shardCollector struct {
	catalog Catalog
	shards  Shards

	version, bytes, rows, weight, active *prometheus.Desc
	up, latency, kills, stuck            *prometheus.Desc
	conns, waits, waited                 *prometheus.Desc
}

func newShardCollector(cat Catalog, shards Shards) *shardCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
	}
	return &shardCollector{
		catalog: cat, shards: shards,
		version: desc("catalog_version", "Version of the catalog that this process knows."),
		bytes:   desc("shard_bytes", "Data and indexes on the shard, estimated, at the last refresh of the sizes.", "shard"),
		rows:    desc("shard_rows", "Rows on the shard, estimated, at the last refresh of the sizes.", "shard"),
		weight:  desc("shard_weight", "The shard's share of new families, relative to the others'.", "shard"),
		active:  desc("shard_active", "1 if the shard takes new families, 0 if it is readonly.", "shard"),
		up:      desc("shard_up", "1 if the shard answered its last ping, else 0.", "shard"),
		latency: desc("shard_ping_seconds", "Time of the last ping that was answered.", "shard"),
		kills:   desc("shard_kills_total", "Statements stopped on the shard by this process.", "shard"),
		stuck:   desc("shard_stuck", "Statements that go on in spite of a KILL, and keep their places.", "shard"),
		conns:   desc("shard_connections", "Connections of the pool in the state in_use or idle, and its max.", "shard", "pool", "state"),
		waits:   desc("shard_waits_total", "Times that somebody waited for a connection of the pool.", "shard", "pool"),
		waited:  desc("shard_wait_seconds_total", "Time spent waiting for connections of the pool.", "shard", "pool"),
	}
}

// Describe implements prometheus.Collector.
func (c *shardCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.version, c.bytes, c.rows, c.weight, c.active,
		c.up, c.latency, c.kills, c.stuck, c.conns, c.waits, c.waited} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *shardCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	snap := c.catalog.Snapshot()
	gauge(c.version, float64(snap.Version))
	for _, s := range snap.Shards() {
		gauge(c.bytes, float64(s.Bytes), s.Name)
		gauge(c.rows, float64(s.Rows), s.Name)
		gauge(c.weight, s.Weight, s.Name)
		gauge(c.active, float64(boolInt(s.State == catalog.Active)), s.Name)
	}
	for _, sh := range c.shards.All() {
		health, stats := sh.Health(), sh.Stats()
		gauge(c.up, float64(boolInt(!health.Checked.IsZero() && health.Err == nil)), sh.Name())
		gauge(c.latency, health.Latency.Seconds(), sh.Name())
		ch <- prometheus.MustNewConstMetric(c.kills, prometheus.CounterValue, float64(stats.Kills), sh.Name())
		gauge(c.stuck, float64(stats.Stuck), sh.Name())
		c.pool(ch, sh.Name(), "write", stats.Write)
		c.pool(ch, sh.Name(), "query", stats.Query)
	}
}

func (c *shardCollector) pool(ch chan<- prometheus.Metric, shard, pool string, s shard.PoolStats) {
	for state, n := range map[string]int{"in_use": s.InUse, "idle": s.Idle, "max": s.Max} {
		ch <- prometheus.MustNewConstMetric(c.conns, prometheus.GaugeValue, float64(n), shard, pool, state)
	}
	ch <- prometheus.MustNewConstMetric(c.waits, prometheus.CounterValue, float64(s.Waits), shard, pool)
	ch <- prometheus.MustNewConstMetric(c.waited, prometheus.CounterValue, s.WaitTime.Seconds(), shard, pool)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
