package shard

import (
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

var (
	// ErrUnknown means that the set has no shard of that name.
	ErrUnknown = fault.Sentinel(fault.UnknownShard, "unknown shard", "there is no such shard")
	// ErrUnreachable means that a server could not be reached, takes no
	// statements now, or that the connection to it was lost.
	ErrUnreachable = fault.Sentinel(fault.ShardUnavailable, "server unreachable",
		"the shard can't be reached").With(fault.Facts{RetryAfter: 2 * time.Second})
	// ErrClosed means that the set or the shard was closed.
	ErrClosed = fault.Sentinel(fault.ShuttingDown, "connections closed", "the service is shutting down")
	// ErrTooLong means that a statement is longer than the protocol's packets,
	// 16 MiB. The connection can't be used after it.
	ErrTooLong = errors.New("statement too long")
	// ErrNoTable means that there is no such table, or that the query account
	// may not see it.
	ErrNoTable = fault.Sentinel(fault.UnknownTable, "no such table",
		"there is no such table on the shard, or queries may not see it")
	// ErrNotBaseTable means that the table is a view, a sequence or the like.
	ErrNotBaseTable = fault.Sentinel(fault.NotBaseTable, "not a base table", "only base tables can be registered")
	// ErrSystemDatabase means that a database belongs to the server itself.
	ErrSystemDatabase = fault.Sentinel(fault.ForbiddenTable, "database belongs to the server",
		"the database belongs to the server itself")
	// ErrOwnDatabase means that a database holds databalancer's own tables.
	ErrOwnDatabase = fault.Sentinel(fault.ForbiddenTable, "database is databalancer's own",
		"the database is databalancer's own")
	// ErrAddress means that a text is no address of a server.
	ErrAddress = fault.Sentinel(fault.InvalidArgument, "invalid address", "")
	// ErrAddressDiffers means that Join met a shard which the catalog knows at
	// another address, and was not asked to move it.
	ErrAddressDiffers = fault.Sentinel(fault.AddressDiffers, "shard is registered at another address",
		"the shard is registered at another address")
)

// Error says on which shard a query connection failed, or could not be had. Its
// text is that of Err.
type Error struct {
	Shard string
	Err   error
}

func (e *Error) Error() string      { return e.Err.Error() }
func (e *Error) Unwrap() error      { return e.Err }
func (e *Error) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// UnreachableError is an ErrUnreachable that says of which shard.
type UnreachableError struct {
	Shard string
	Err   error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("shard %s: %v: %v", e.Shard, ErrUnreachable, e.Err)
}

func (e *UnreachableError) Unwrap() []error    { return []error{ErrUnreachable, e.Err} }
func (e *UnreachableError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// Identity is what a server says of which shard it is.
type Identity struct {
	Shard   string // unique, made when the server became a shard
	Name    string // the shard's name when it last joined
	Catalog string // the identity of the catalog that it belongs to
	Found   bool   // false: the server is no shard, and the rest is empty
}

// IdentityError means that the server at an address is not the shard that it
// should be, or belongs to another catalog.
type IdentityError struct {
	Shard    string // the name of the shard that was to be there
	Address  string
	Expected Identity // what is empty in it was not asked for
	Found    Identity
}

func (e *IdentityError) Error() string {
	prefix := fmt.Sprintf("shard %s: the server at %s ", e.Shard, e.Address)
	switch {
	case !e.Found.Found:
		return prefix + "is no shard of any catalog, but that shard's identity is " + e.Expected.Shard
	case e.Found.Catalog != e.Expected.Catalog:
		return fmt.Sprintf("%sis shard %s of another catalog, %s, not of %s",
			prefix, e.Found.Name, e.Found.Catalog, e.Expected.Catalog)
	}
	return fmt.Sprintf("%sis another shard: %s with the identity %s, not %s",
		prefix, e.Found.Name, e.Found.Shard, e.Expected.Shard)
}

func (e *IdentityError) Code() fault.Code   { return fault.ShardUnavailable }
func (e *IdentityError) Detail() string     { return "the server at the shard's address is not that shard" }
func (e *IdentityError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// CollationError means that a server lacks the catalog's collation, so that
// no session there would compare texts as the others do.
type CollationError struct {
	Shard     string // its name, or the address of a server without one
	Collation string
	Server    server.Info
}

func (e *CollationError) Error() string {
	return fmt.Sprintf("shard %s: %s", e.Shard, e.Detail())
}

func (e *CollationError) Code() fault.Code { return fault.Unsupported }

func (e *CollationError) Detail() string {
	return fmt.Sprintf("the server, %s, lacks the collation %s, which is that of the catalog", e.Server, e.Collation)
}

func (e *CollationError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// ServerError is an error that a shard's server returned. Its message says
// nothing of the account in use. errors.Is finds ErrUnreachable in it where
// the server takes no statements now, and errors.As the driver's error.
type ServerError struct {
	Number   uint16
	SQLState string // five characters, or empty
	Message  string
	Shard    string // the shard's name, or the address of a server without one

	causes []error
}

func (e *ServerError) Error() string {
	if e.SQLState == "" {
		return fmt.Sprintf("shard %s: error %d: %s", e.Shard, e.Number, e.Message)
	}
	return fmt.Sprintf("shard %s: error %d (%s): %s", e.Shard, e.Number, e.SQLState, e.Message)
}

// Unwrap returns what errors.Is and errors.As look into.
func (e *ServerError) Unwrap() []error { return e.causes }

// Code returns what the error is where it is not the statement's fault. Whose
// statement it was only its sender knows.
func (e *ServerError) Code() fault.Code { return e.told().code }

// Detail returns what clients are told of an error that has a code.
func (e *ServerError) Detail() string { return e.told().detail }

func (e *ServerError) Facts() fault.Facts {
	return fault.Facts{Shard: e.Shard, Number: e.Number, SQLState: e.SQLState}
}

type told struct {
	code   fault.Code
	detail string
}

func (e *ServerError) told() told {
	switch class := server.Classify(e.Number, e.Message); {
	case class.Has(server.Unavailable):
		return told{} // ErrUnreachable is among the causes
	case class.Has(server.TimeLimit):
		return told{fault.Timeout, "the server's own time limit ended the statement"}
	case class.Has(server.Conflict):
		return told{fault.ShardBusy, "the statement lost out to others for a lock"}
	case class.Has(server.Denied):
		return told{fault.DatabaseDenied, e.Message}
	case class.Has(server.Exhausted):
		return told{fault.ShardExhausted, "the server has no room left for this statement"}
	}
	return told{}
}
