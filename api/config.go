package api

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/ingest"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// Catalog is what the API needs of *store.Store.
type Catalog interface {
	Snapshot() *catalog.Snapshot
	Refresh(ctx context.Context) (*catalog.Snapshot, error)
	Ping(ctx context.Context) error
	InTouch() bool
	Spread(ctx context.Context, family string, shards int) (*catalog.Table, error)
	AddIndex(ctx context.Context, family string, columns []string) (*catalog.Table, error)
	DropIndex(ctx context.Context, family string, columns []string) error
	DropFamily(ctx context.Context, name string) error
	SetShardState(ctx context.Context, name string, state catalog.ShardState) error
	RegisterTable(ctx context.Context, t *catalog.Table) error
	UnregisterTable(ctx context.Context, name string) error
}

// Shards is what the API needs of *shard.Set.
type Shards interface {
	Shard(name string) (*shard.Shard, error)
	All() []*shard.Shard
}

// Join adds the server at an address to the catalog as a shard, or changes
// the weight or the address of the one known by that name, and returns the
// shard as the catalog then has it. A weight of 0 means 1 for a new shard, and
// no change for a known one.
type Join func(ctx context.Context, name, address string, weight float64) (*catalog.Shard, error)

// Proxy answers queries; *proxy.Proxy does.
type Proxy interface {
	Query(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error)
	Explain(ctx context.Context, q proxy.Query) (*router.Plan, error)
	Cancel(ctx context.Context, id string) (bool, error)
	Stats() proxy.Stats
}

// Ingester stores log requests; *ingest.Ingester does.
type Ingester interface {
	Put(ctx context.Context, body []byte) (*ingest.Result, error)
}

// What stands for the time-outs and the largest body that Config leaves out.
const (
	DefaultTimeout = time.Minute
	DefaultMaxBody = 64 << 20
)

// Config is what the API consists of. The parts are required; the zero value
// of the rest stands for its default.
type Config struct {
	Catalog  Catalog
	Shards   Shards
	Join     Join
	Proxy    Proxy
	Ingester Ingester

	// Plans counts the plans that were remembered. Nil: nobody does.
	Plans func() router.PlanStats

	// CatalogRights returns what the catalog's account lacks there, without
	// I/O. Nil: nobody knows of anything.
	CatalogRights func() error

	Logger  *slog.Logger // nil: nothing is logged
	Version string       // of the program; shown by /healthz and /metrics

	// TrustedProxies are the networks of proxies whose X-Forwarded-For tells
	// whose a request is.
	TrustedProxies []netip.Prefix
	// MaxRows bounds the rows of every answer; 0: nothing but the request's
	// own limit does.
	MaxRows int
	// MaxResultBytes bounds the bytes of every answer's rows, as they are sent;
	// 0: nothing does.
	MaxResultBytes int64
	// QueryTimeout bounds the time of a query, which a request may lower. The
	// default is a minute.
	QueryTimeout time.Duration
	// WriteTimeout is how long a client may take nothing of its answer, after
	// which its query is stopped. The default is a minute.
	WriteTimeout time.Duration
	// BodyTimeout bounds the time in which a request's body must arrive. The
	// default is a minute.
	BodyTimeout time.Duration
	// MaxBody bounds the bytes of a log request, also after decompression.
	// The default is 64 MiB.
	MaxBody int64
	// MaxPending bounds the bytes of all bodies of log requests that are held
	// in memory at a time; beyond it requests get 429. The default is
	// ingest's, and the least MaxBody.
	MaxPending int64
}

// Validate says what is missing or out of range.
func (c *Config) Validate() error {
	switch {
	case c.Catalog == nil, c.Shards == nil, c.Join == nil, c.Proxy == nil, c.Ingester == nil:
		return errors.New("api config: a part is missing")
	case c.MaxRows < 0, c.MaxResultBytes < 0, c.MaxBody < 0, c.MaxPending < 0:
		return errors.New("api config: negative limit")
	case c.QueryTimeout < 0, c.WriteTimeout < 0, c.BodyTimeout < 0:
		return errors.New("api config: negative time-out")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.CatalogRights == nil {
		c.CatalogRights = func() error { return nil }
	}
	c.Version = cmp.Or(c.Version, "devel")
	c.QueryTimeout = cmp.Or(c.QueryTimeout, DefaultTimeout)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, DefaultTimeout)
	c.BodyTimeout = cmp.Or(c.BodyTimeout, DefaultTimeout)
	c.MaxBody = cmp.Or(c.MaxBody, DefaultMaxBody)
	c.MaxPending = max(cmp.Or(c.MaxPending, ingest.DefaultMaxPending), c.MaxBody+1)
	return c
}
