package catalog

import (
	"fmt"
	"time"

	"github.com/kolide/databalancer/fault"
)

var (
	// ErrUnavailable means that the catalog's server can't be reached, or
	// didn't answer in time. The last snapshot stays usable.
	ErrUnavailable = fault.Sentinel(fault.CatalogUnavailable, "catalog unavailable",
		"the catalog's server can't be reached; families that are known can still be stored and queried",
	).With(fault.Facts{RetryAfter: 2 * time.Second})
	// ErrUnknownFamily means that the catalog has no family of that name.
	ErrUnknownFamily = fault.Sentinel(fault.UnknownFamily, "unknown family", "")
	// ErrUnknownTable means that no table of that name is registered.
	ErrUnknownTable = fault.Sentinel(fault.UnknownTable, "unknown table", "")
	// ErrUnknownShard means that the catalog has no shard of that name.
	ErrUnknownShard = fault.Sentinel(fault.UnknownShard, "unknown shard", "")
	// ErrUnknownColumn means that a table has no column of that name.
	ErrUnknownColumn = fault.Sentinel(fault.UnknownColumn, "unknown column", "")
	// ErrUnknownIndex means that a family has no index of these columns.
	ErrUnknownIndex = fault.Sentinel(fault.UnknownIndex, "unknown index", "")
	// ErrNoActiveShard means that no shard takes new families.
	ErrNoActiveShard = fault.Sentinel(fault.NoActiveShard, "no active shard", "no shard takes new families")
	// ErrNameTaken means that the name is reserved, or belongs to something
	// else already.
	ErrNameTaken = fault.Sentinel(fault.NameTaken, "name taken", "")
	// ErrTooWide means that a family has more stored columns than the rows of a
	// server take, since it began on servers of another kind.
	ErrTooWide = fault.Sentinel(fault.TooManyColumns, "too wide for the server",
		"the family has more columns than a row of the shard's server takes")
	// ErrBusy is what a change of a table returns when its statement would
	// have had to wait too long for a lock on the shard. It is tried again
	// until the context ends, and then comes together with the context's
	// error.
	ErrBusy = fault.Sentinel(fault.TableBusy, "table busy",
		"statements on the table don't end, so its schema couldn't be changed in time",
	).With(fault.Facts{RetryAfter: 5 * time.Second})
	// ErrIndexRefused means that a server won't make an index, for what it is.
	ErrIndexRefused = fault.Sentinel(fault.CannotIndex, "index refused by the server",
		"the server refuses an index of these columns")
	// ErrNewerSchema means that a newer databalancer has migrated the catalog
	// to a schema which this one doesn't know.
	ErrNewerSchema = fault.Sentinel(fault.CatalogUnavailable, "catalog written by a newer databalancer",
		"the catalog was written by a newer version")
	// ErrOtherCatalog means that the database now holds another catalog than
	// the one that was opened.
	ErrOtherCatalog = fault.Sentinel(fault.CatalogUnavailable, "another catalog than the one opened",
		"the catalog's database holds another catalog")
)

// StaleError means that a shard contradicts a snapshot: a result there has other
// columns than the snapshot's tables lead to expect.
type StaleError struct{ Shard string }

func (e *StaleError) Error() string {
	return fmt.Sprintf("shard %s: other columns than the catalog knows", e.Shard)
}

func (e *StaleError) Code() fault.Code { return fault.StaleTable }

// Detail is for clients, who may have registered the table.
func (e *StaleError) Detail() string {
	return "a table on the shard has other columns than the catalog knows;" +
		" PUT /api/tables/{table} reads those of a registered table again"
}

func (e *StaleError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// TypeConflictError means that a field is stored with a type that can't hold
// every value of the offered one.
type TypeConflictError struct {
	Family, Field   string
	Stored, Offered Type
}

func (e *TypeConflictError) Error() string {
	return fmt.Sprintf("family %s: field %s is stored as %s, which does not hold every %s",
		e.Family, e.Field, e.Stored, e.Offered)
}

func (e *TypeConflictError) Code() fault.Code { return fault.TypeConflict }
func (e *TypeConflictError) Facts() fault.Facts {
	return fault.Facts{Family: e.Family, Field: e.Field, Stored: string(e.Stored), Offered: string(e.Offered)}
}

// CaseConflictError means that a field differs only in case from another, the
// stored one.
type CaseConflictError struct {
	Family, Field, Stored string
}

func (e *CaseConflictError) Error() string {
	return fmt.Sprintf("family %s: field %s differs only in case from %s", e.Family, e.Field, e.Stored)
}

func (e *CaseConflictError) Code() fault.Code { return fault.CaseConflict }
func (e *CaseConflictError) Facts() fault.Facts {
	return fault.Facts{Family: e.Family, Field: e.Field, Stored: e.Stored}
}

// TooManyColumnsError means that the family would have more than Limit fields,
// or, with LongNames, that the names of its fields are together too long for
// the definition of one table.
type TooManyColumnsError struct {
	Family    string
	Limit     int
	LongNames bool
}

func (e *TooManyColumnsError) Error() string {
	if e.LongNames {
		return fmt.Sprintf("family %s: the names of its fields are together too long for one table; of 1,000 strings, names have room for some 11 characters each", e.Family)
	}
	return fmt.Sprintf("family %s: more than %d fields", e.Family, e.Limit)
}

func (e *TooManyColumnsError) Code() fault.Code { return fault.TooManyColumns }
func (e *TooManyColumnsError) Facts() fault.Facts {
	return fault.Facts{Family: e.Family, Limit: e.Limit}
}

// SpreadError means that a family can't be on as many shards as were asked
// for: it is on more already, and none is taken from it, or there are not so
// many.
type SpreadError struct {
	Family    string
	Asked     int // shards
	Placed    int // shards that the family is on
	Available int // active shards besides these
}

// Shrinks reports whether the family is on more shards than were asked for.
func (e *SpreadError) Shrinks() bool { return e.Asked < e.Placed }

func (e *SpreadError) Error() string {
	if e.Shrinks() {
		return fmt.Sprintf("family %s: it is on %d shards, and is not taken from any of them to be on %d", e.Family, e.Placed, e.Asked)
	}
	return fmt.Sprintf("family %s: it is on %d shards, and %d others are active: that makes less than %d", e.Family, e.Placed, e.Available, e.Asked)
}

func (e *SpreadError) Code() fault.Code {
	if e.Shrinks() {
		return fault.CannotShrink
	}
	return fault.NotEnoughShards
}

func (e *SpreadError) Facts() fault.Facts {
	if e.Shrinks() {
		return fault.Facts{Family: e.Family, Limit: e.Placed}
	}
	return fault.Facts{Family: e.Family, Limit: e.Placed + e.Available}
}

// IndexError means that a family can't have an index of these columns.
type IndexError struct {
	Family, Column string // Column is empty where it isn't one column's fault
	Reason         string
}

func (e *IndexError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("family %s: %s", e.Family, e.Reason)
	}
	return fmt.Sprintf("family %s: column %s %s", e.Family, e.Column, e.Reason)
}

func (e *IndexError) Code() fault.Code   { return fault.CannotIndex }
func (e *IndexError) Facts() fault.Facts { return fault.Facts{Family: e.Family, Field: e.Column} }

// ShardConflictError means that a shard can't be added because the catalog
// knows its name with another identity, or its identity under another name.
// It is an ErrNameTaken.
type ShardConflictError struct {
	Offered, Stored Shard
}

func (e *ShardConflictError) Error() string {
	if e.Offered.Name == e.Stored.Name {
		return fmt.Sprintf("shard %s: the server at %s has the identity %s, but the catalog knows this shard as %s, at %s",
			e.Offered.Name, e.Offered.Address, e.Offered.Identity, e.Stored.Identity, e.Stored.Address)
	}
	return fmt.Sprintf("shard %s: the server at %s is already the shard %s, at %s",
		e.Offered.Name, e.Offered.Address, e.Stored.Name, e.Stored.Address)
}

// Is makes a ShardConflictError an ErrNameTaken.
func (e *ShardConflictError) Is(target error) bool { return target == ErrNameTaken }

func (e *ShardConflictError) Code() fault.Code { return fault.NameTaken }
func (e *ShardConflictError) Detail() string   { return "" }

// InvalidShardError means that a shard can't have such a value.
type InvalidShardError struct {
	Shard, Field, Value string
}

func (e *InvalidShardError) Error() string {
	return fmt.Sprintf("shard %s: invalid %s %q", e.Shard, e.Field, e.Value)
}

func (e *InvalidShardError) Code() fault.Code { return fault.InvalidArgument }
