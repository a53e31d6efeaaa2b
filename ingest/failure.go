package ingest

import (
	"errors"

	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// lost reports whether the error is of the connection, and not the server's
// own about a statement.
func lost(err error) bool {
	return server.Number(err) == 0 || errors.Is(shard.Wrap("", err), shard.ErrUnreachable)
}

// conflict reports whether a transaction lost against another, so that nothing
// of it is stored and it may be repeated.
func conflict(err error) bool { return server.ClassOf(err).Has(server.Conflict) }

// outlived reports whether a prepared statement has outlived its table. The
// transaction is not to go on, as nothing tells what else of it is of the past,
// but may be repeated.
func outlived(err error) bool { return server.ClassOf(err).Has(server.Outlived) }

// unfit reports whether the server refuses what is to be stored, by its values
// or its size, so that nothing of the transaction is.
func unfit(err error) bool { return server.ClassOf(err).Has(server.Refused | server.TooBig) }
