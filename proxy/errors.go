package proxy

import (
	"context"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// ErrCancelled means that somebody stopped the query by its id.
var ErrCancelled = fault.Sentinel(fault.Cancelled, "query cancelled", "the query was stopped by its id")

// verdict returns what is to be said of err: the reason for which the context
// ended, if it did, whatever came of that; and ErrCancelled for a statement
// that another process has killed.
func verdict(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case server.ClassOf(err).Has(server.Stopped):
		return ErrCancelled
	}
	return err
}
