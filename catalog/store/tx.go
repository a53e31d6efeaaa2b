package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// querier is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tx runs fn in a transaction and commits it. When the transaction lost
// against another, fn runs again in a new one, until ctx ends. fn must not
// leave anything behind but in tx, or in variables that it sets anew.
//
// Transactions are READ COMMITTED: they have no use for gap locks, and what
// one reads after it got a lock is what the lock's last holder committed.
func (s *Store) tx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	wait := backoff{min: 5 * time.Millisecond, max: time.Second / 2}
	for {
		err := s.tryTx(ctx, fn)
		if !lost(err) {
			return classify(err)
		}
		if ended := wait.next(ctx); ended != nil {
			return fmt.Errorf("%w: %w", err, classify(ended))
		}
	}
}

// commit is tx, after which the snapshot shows what fn has changed.
func (s *Store) commit(ctx context.Context, fn func(tx *sql.Tx) error) error {
	err := s.tx(ctx, fn)
	if err == nil {
		_, err = s.Refresh(ctx)
	}
	return err
}

// tryTx is one attempt of tx. It returns errors as they are.
func (s *Store) tryTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return fmt.Errorf("catalog transaction: %w", err)
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("catalog commit: %w", endOr(ctx, err))
	}
	return nil
}

// endOr returns the reason why ctx has ended, or else err. database/sql says
// only that a transaction is done when its context has ended it.
func endOr(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// exec runs a statement; what names its table in errors.
func exec(ctx context.Context, tx *sql.Tx, what, statement string, args ...any) error {
	if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("catalog %s: %w", what, err)
	}
	return nil
}

// rowsOf spells the places of a multi-row INSERT's values, so many a row.
func rowsOf(width int, values []any) string {
	row := "(?" + strings.Repeat(", ?", width-1) + ")"
	return row + strings.Repeat(", "+row, len(values)/width-1)
}

// shardError marks an error as a shard's, so that it isn't taken for one of
// the catalog's server.
type shardError struct{ err error }

func (e *shardError) Error() string { return e.err.Error() }
func (e *shardError) Unwrap() error { return e.err }

// classOf returns the class of an error of the catalog's server, 0 for others.
func classOf(err error) server.Class {
	if shard := (*shardError)(nil); errors.As(err, &shard) {
		return 0
	}
	return server.ClassOf(err)
}

// lost reports whether a transaction failed only because of others.
func lost(err error) bool {
	return classOf(err).Has(server.Conflict) || errors.Is(err, errVanished)
}

// lockHeld reports whether a row that was asked for with NOWAIT is locked.
func lockHeld(err error) bool { return classOf(err).Has(server.Locked) }

// classify makes an error that comes from not reaching the catalog's server,
// or not in time, a catalog.ErrUnavailable; so does one of a server that may
// not be written to, as it is of no use.
func classify(err error) error {
	var shard *shardError
	if err == nil || errors.Is(err, catalog.ErrUnavailable) || errors.As(err, &shard) {
		return err
	}
	if classOf(err).Has(server.Unavailable|server.ReadOnly) || server.ConnectionLost(err) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", catalog.ErrUnavailable, err)
	}
	return err
}

// backoff spaces attempts: each wait is random, up to twice the last one's
// bound, from min to max.
type backoff struct {
	min, max, bound time.Duration
}

// next waits before the next attempt. It returns ctx's error if ctx ends
// first.
func (b *backoff) next(ctx context.Context) error {
	b.bound = min(max(2*b.bound, b.min), b.max)
	timer := time.NewTimer(b.bound/2 + rand.N(b.bound/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
