package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/shard"
)

// Catalog is what ingest needs of *store.Store.
type Catalog interface {
	Snapshot() *catalog.Snapshot
	Refresh(ctx context.Context) (*catalog.Snapshot, error)
	EnsureFamily(ctx context.Context, name string, fields []catalog.Field) (*catalog.Change, error)
	// Unshadow takes the shadows from texts of a family that exists.
	Unshadow(ctx context.Context, name string, columns []string) (*catalog.Table, error)
}

// Shards finds the shards by name. *shard.Set does.
type Shards interface {
	Shard(name string) (*shard.Shard, error)
}

// DefaultMaxPending is Config's MaxPending where it says none: 512 MiB.
const DefaultMaxPending = 512 << 20

const (
	// maxEvent bounds the bytes of one event. It must stay below the servers'
	// max_allowed_packet.
	maxEvent = 15 << 20
	// commitTimeout bounds one transaction.
	commitTimeout = time.Minute
)

// Config configures an Ingester.
type Config struct {
	Catalog Catalog
	Shards  Shards
	Tables  Tables
	// RawLogs keeps each event in raw_logs too, as canonical JSON.
	RawLogs bool
	// LogEvents logs a line for each request, schema field, event and value.
	LogEvents bool
	Logger    *slog.Logger // nil: nothing is logged
	// MaxPending bounds the bytes of memory of all requests that are decoded
	// or wait to be stored at a time: of their bodies, and of what was made of
	// those. Beyond it Put returns ErrBusy. A single request is always taken.
	// 0 means DefaultMaxPending.
	MaxPending int64
}

// Validate says what is missing or out of range.
func (c *Config) Validate() error {
	switch {
	case c.Catalog == nil:
		return errors.New("ingest config: no catalog")
	case c.Shards == nil:
		return errors.New("ingest config: no shards")
	case c.Tables == nil:
		return errors.New("ingest config: no tables")
	case c.MaxPending < 0:
		return errors.New("ingest config: negative limit")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.MaxPending = cmp.Or(c.MaxPending, DefaultMaxPending)
	return c
}

// Result is what became of a request.
type Result struct {
	Family       string   // as the catalog has it
	Accepted     int      // events stored
	Created      bool     // the request created the family
	ColumnsAdded []string // the columns of fields that the family didn't have, in the request's order
}

// Ingester stores requests. It is safe for concurrent use.
type Ingester struct {
	cfg     Config
	writer  *writer
	pending atomic.Int64 // bytes of memory of the requests that Put works on
}

// New returns an Ingester. Close ends it.
func New(cfg Config) (*Ingester, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &Ingester{cfg: cfg, writer: newWriter(cfg.Shards, cfg.RawLogs)}, nil
}

// Close waits until what was accepted is stored or has failed. Put returns
// ErrClosed from then on.
func (in *Ingester) Close() error {
	in.writer.queues.close()
	return nil
}

// Put stores all events of a request, or none. body is a JSON object with the
// members family, schema and logs; it must not be changed before Put returns.
//
// When ctx ends while the request waits, nothing of it is stored. Once its
// transaction has begun, Put waits for the outcome.
//
// It returns *SyntaxError, *InvalidError or *TooLargeError for what the
// request has wrong; *UnfitError for what a server refuses of it; the
// catalog's errors, *catalog.TypeConflictError, *catalog.CaseConflictError and
// *catalog.TooManyColumnsError among them; ErrBusy, ErrChanging, ErrClosed or
// ErrOutcomeUnknown; and the shard's errors, shard.ErrUnreachable among them.
func (in *Ingester) Put(ctx context.Context, body []byte) (*Result, error) {
	held := &holding{in: in}
	defer held.release()
	// What the rows will take shows when they are there.
	if !held.resize(expectedMemory(len(body), in.cfg.RawLogs)) {
		return nil, ErrBusy
	}
	req, err := parseRequest(body)
	if err != nil {
		return nil, err
	}
	d := &delivery{in: in, req: req, rows: rowsPool.Get().(*rows)}
	defer d.release()
	if err := d.decode(in.known(req.family)); err != nil {
		return nil, err
	}
	if !held.resize(int64(len(body)) + d.rows.filled()) {
		return nil, ErrBusy
	}
	in.logEvents(ctx, req, d.rows)
	return d.deliver(ctx)
}

// known returns the family's table as the last snapshot has it, or nil.
func (in *Ingester) known(family string) *catalog.Table {
	if t, ok := in.cfg.Catalog.Snapshot().Table(family); ok && t.Kind == catalog.Family {
		return t
	}
	return nil
}
