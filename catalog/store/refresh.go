package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/catalog"
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
// it. Errors are catalog.ErrUnavailable, within ten seconds, and
// catalog.ErrOtherCatalog.
func (s *Store) Refresh(ctx context.Context) (*catalog.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	before := s.reads.begun.Load()
	select {
	case s.reads.turn <- struct{}{}:
		defer func() { <-s.reads.turn }()
	case <-ctx.Done():
		return nil, classify(fmt.Errorf("catalog refresh: %w", ctx.Err()))
	}
	err := s.reads.err
	if s.reads.ended <= before {
		err = s.read(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s.Snapshot(), nil
}

// read refreshes the snapshot. Its caller holds the turn.
func (s *Store) read(ctx context.Context) error {
	number, began := s.reads.begun.Add(1), time.Now()
	err := classify(s.update(ctx))
	if err == nil {
		s.contact.Store(&began)
	}
	if err == nil || ctx.Err() == nil { // else it is this caller's end alone
		s.reads.ended, s.reads.err = number, err
	}
	return err
}

// update replaces the state if the catalog has another version.
func (s *Store) update(ctx context.Context) error {
	h, err := s.head(ctx)
	if err != nil {
		return err
	}
	old := s.state.Load()
	if old != nil && h.version == old.snapshot.Version {
		return nil
	}
	fresh, err := s.load(ctx, old)
	if err != nil {
		return err
	}
	s.cfg.OnChange(fresh.snapshot)
	s.state.Store(fresh)
	return nil
}

// load reads what has changed since old, in one consistent read.
func (s *Store) load(ctx context.Context, old *state) (*state, error) {
	// Not READ ONLY, which TiDB refuses.
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
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
	return loadState(ctx, tx, h.version, old, s.cfg.SplitBytes)
}

// readCollation returns the catalog's collation, which never changes.
func readCollation(ctx context.Context, q querier) (collation string, err error) {
	err = q.QueryRowContext(ctx, `SELECT collation FROM meta WHERE one = 1`).Scan(&collation)
	if err != nil {
		return "", fmt.Errorf("catalog collation: %w", err)
	}
	return collation, nil
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
func (s *Store) head(ctx context.Context) (head, error) {
	h, err := readHead(ctx, s.db)
	if err == nil && h.identity != s.id {
		err = fmt.Errorf("%w: identity %s instead of %s", catalog.ErrOtherCatalog, h.identity, s.id)
	}
	return h, err
}
