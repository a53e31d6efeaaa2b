package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"
)

// readTimeout bounds a read of the catalog, which waits for no locks but for
// its turn.
const readTimeout = 10 * time.Second

// reads orders the refreshes of a process. One reads at a time, with its own
// caller's context, and those who wait meanwhile share the next read. (A call
// can't share a read that began before it: that may have missed the very
// change that the caller is after.)
type reads struct {
	begun atomic.Uint64 // number of the last read that began
	turn  chan struct{} // holds one token while a read runs

	// Guarded by turn.
	ended uint64 // number of the last read that came to an end by itself
	err   error  // its error
}

func newReads() reads { return reads{turn: make(chan struct{}, 1)} }

// Refresh returns a snapshot at least as new as the moment of the call. If
// nothing has changed that costs one round trip, and concurrent calls share
// it. Errors are ErrUnavailable, within ten seconds, and ErrOtherCatalog.
func (c *Catalog) Refresh(ctx context.Context) (*Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	before := c.reads.begun.Load()
	select {
	case c.reads.turn <- struct{}{}:
		defer func() { <-c.reads.turn }()
	case <-ctx.Done():
		return nil, classify(fmt.Errorf("catalog refresh: %w", ctx.Err()))
	}
	err := c.reads.err
	if c.reads.ended <= before {
		err = c.read(ctx)
	}
	if err != nil {
		return nil, err
	}
	return c.Snapshot(), nil
}

// read refreshes the snapshot. Its caller holds the turn.
func (c *Catalog) read(ctx context.Context) error {
	number, began := c.reads.begun.Add(1), time.Now()
	err := classify(c.update(ctx))
	if err == nil {
		c.contact.Store(&began)
	}
	if err == nil || ctx.Err() == nil { // else it is this caller's end alone
		c.reads.ended, c.reads.err = number, err
	}
	return err
}

// update replaces the state if the catalog has another version.
func (c *Catalog) update(ctx context.Context) error {
	h, err := c.head(ctx)
	if err != nil {
		return err
	}
	old := c.state.Load()
	if old != nil && h.version == old.snapshot.Version {
		return nil
	}
	fresh, err := c.load(ctx, old)
	if err != nil {
		return err
	}
	c.cfg.OnChange(fresh.snapshot)
	c.state.Store(fresh)
	return nil
}

// load reads what has changed since old, in one consistent read.
func (c *Catalog) load(ctx context.Context, old *state) (*state, error) {
	// Not READ ONLY, which TiDB refuses.
	tx, err := c.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return nil, fmt.Errorf("catalog transaction: %w", err)
	}
	defer tx.Rollback()
	h, err := readHead(ctx, tx)
	if err != nil {
		return nil, err
	}
	if old == nil || h.version < old.snapshot.Version { // the latter: restored from a backup
		old = emptyState()
	}
	return loadState(ctx, tx, h.version, old, c.cfg.SplitBytes)
}

// head is what tells whether anything has changed.
type head struct {
	version  uint64
	identity string
}

func readHead(ctx context.Context, q querier) (head, error) {
	var h head
	err := q.QueryRowContext(ctx, `SELECT version, identity FROM meta WHERE one = 1`).Scan(&h.version, &h.identity)
	if err != nil {
		return h, fmt.Errorf("catalog version: %w", err)
	}
	return h, nil
}

// head reads the head and checks that it is this catalog's.
func (c *Catalog) head(ctx context.Context) (head, error) {
	h, err := readHead(ctx, c.db)
	if err == nil && h.identity != c.id {
		err = fmt.Errorf("%w: identity %s instead of %s", ErrOtherCatalog, h.identity, c.id)
	}
	return h, err
}
