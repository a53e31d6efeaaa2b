package proxy

import (
	"context"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// ErrCancelled means that somebody stopped the query by its id.
var ErrCancelled = fault.Sentinel(fault.Cancelled, "query cancelled", "the query was stopped by its id")

// StaleError means that a shard contradicts the snapshot that the plan was
// made from. Nothing has reached the sink: after a refresh of the catalog the
// query may be planned and run again.
type StaleError struct {
	Shard string
	// Err is what the server said: a *shard.ServerError for an unknown table
	// or column. It is shard.ErrUnreachable where there is no such shard, and
	// nil where the result has other columns than planned.
	Err error
}

func (e *StaleError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("shard %s: other columns than the catalog knows", e.Shard)
	}
	return e.Err.Error()
}

func (e *StaleError) Unwrap() error { return e.Err }

func (e *StaleError) Code() fault.Code {
	if e.Err != nil {
		return "" // what it says counts
	}
	return fault.StaleTable
}

func (e *StaleError) Detail() string {
	return "a table on the shard has other columns than the catalog knows;" +
		" PUT /api/tables/{table} reads those of a registered table again"
}

func (e *StaleError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// ShardError says on which shard a statement failed.
type ShardError struct {
	Shard string
	Err   error
}

func (e *ShardError) Error() string      { return e.Err.Error() }
func (e *ShardError) Unwrap() error      { return e.Err }
func (e *ShardError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// UnsupportedError means that the plan cannot be run with a right answer.
// Its detail is meant for the client.
type UnsupportedError struct{ Detail string }

func (e *UnsupportedError) Error() string    { return e.Detail }
func (e *UnsupportedError) Code() fault.Code { return fault.Unsupported }

// TooLargeError means that a gather would move more than is allowed. Nothing
// has reached the sink.
type TooLargeError struct {
	Why      string // what is moved
	From, To string // shards
	Rows     int64  // moved so far, all together, or estimated
	Bytes    int64
	MaxRows  int64
	MaxBytes int64
	// Estimated is set where nothing was moved, since the estimates were far
	// too large.
	Estimated bool
}

func (e *TooLargeError) Error() string {
	so := "had been moved"
	if e.Estimated {
		so = "are estimated"
	}
	return fmt.Sprintf("the query moves %s from shard %s to shard %s: %d rows with %d bytes %s,"+
		" and at most %d rows with %d bytes may be moved; a condition on that table would narrow it",
		e.Why, e.From, e.To, e.Rows, e.Bytes, so, e.MaxRows, e.MaxBytes)
}

func (e *TooLargeError) Code() fault.Code   { return fault.GatherTooLarge }
func (e *TooLargeError) Facts() fault.Facts { return fault.Facts{Shard: e.From} }

// stale turns a server's error that may come of an outdated snapshot into a
// *StaleError, and returns others as they are.
func stale(err error) error {
	var refusal *shard.ServerError
	if errors.As(err, &refusal) && server.ClassOf(err).Has(server.Unknown) {
		return &StaleError{Shard: refusal.Shard, Err: err}
	}
	return err
}

// verdict returns what is to be said of err: the reason for which the context
// ended, if it did, whatever came of that; and ErrCancelled for a statement
// that another process has killed.
func verdict(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if server.Number(err) == server.Interrupted {
		return ErrCancelled
	}
	return err
}
