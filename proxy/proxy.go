package proxy

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy/gather"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// Shards finds shards. *shard.Set is one.
type Shards interface {
	// Shard returns the shard of that name, else shard.ErrUnknown.
	Shard(name string) (*shard.Shard, error)
	All() []*shard.Shard
}

// Config is what a Proxy needs.
type Config struct {
	Catalog Catalog
	Router  Router
	Shards  Shards
	Logger  *slog.Logger // nil: nothing is logged
	// GatherMaxRows and GatherMaxBytes bound what one query moves between
	// shards; 0 stands for gather.DefaultRows and gather.DefaultBytes.
	GatherMaxRows  int64
	GatherMaxBytes int64
	// MaxQueries and MaxQueued bound how many queries run and how many wait;
	// 0 stands for DefaultMaxQueries and DefaultMaxQueued.
	MaxQueries int
	MaxQueued  int
}

// Proxy answers queries. It is safe for concurrent use.
type Proxy struct {
	catalog  Catalog
	router   Router
	shards   Shards
	log      *slog.Logger
	queries  registry
	slots    *admission.Gate // of queries that run
	yielded  atomic.Int64    // queries, to shorter ones
	gatherer *gather.Gatherer

	maxQueued int
	dialect   atomic.Pointer[router.Dialect] // of the last plan
}

// New returns a Proxy.
func New(cfg Config) *Proxy {
	p := &Proxy{
		catalog: cfg.Catalog, router: cfg.Router, shards: cfg.Shards,
		log: cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)), maxQueued: cmp.Or(cfg.MaxQueued, DefaultMaxQueued),
	}
	p.slots = admission.New(cmp.Or(cfg.MaxQueries, DefaultMaxQueries), p.maxQueued)
	p.gatherer = gather.New(gather.Config{Shard: p.shard, Logger: p.log, MaxRows: cfg.GatherMaxRows, MaxBytes: cfg.GatherMaxBytes})
	return p
}

// Close waits until the sessions of queries that have been answered are cleaned
// up. No query may run then, and none after it.
func (p *Proxy) Close() { p.gatherer.Close() }

// Column is one column of an answer.
type Column struct {
	Name string
	Type catalog.Type
}

// Cancel stops the query of that id, whichever process runs it: it asks the
// shards if this one does not. It reports whether there was such a query, and
// an error only if there was none to be found and a shard could not be asked.
func (p *Proxy) Cancel(ctx context.Context, id string) (bool, error) {
	if !validID(id) {
		return false, nil
	}
	if p.queries.cancel(id) {
		return true, nil
	}
	shards := p.shards.All()
	killed := make([]int, len(shards))
	errs := make([]error, len(shards))
	var asked sync.WaitGroup
	for i, sh := range shards {
		asked.Go(func() { killed[i], errs[i] = sh.KillTagged(ctx, Tag(id)) })
	}
	asked.Wait()
	if slices.Max(append(killed, 0)) > 0 {
		return true, nil
	}
	return false, errors.Join(errs...)
}

// Tag returns the comment with which every statement of a query begins.
func Tag(id string) string { return "/* databalancer query_id=" + id + " */" }

func validID(id string) bool {
	for _, c := range []byte(id) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return id != "" && len(id) <= 64
}
