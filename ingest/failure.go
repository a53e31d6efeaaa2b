package ingest

import (
	"errors"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/shard"
)

// Numbers of servers' errors (MySQL manual, "Server Error Message
// Reference"; TiDB's have four digits from 8000 on).
const (
	errUnknownColumn   = 1054
	errDuplicateColumn = 1060
	errNoTable         = 1146
	errLockWait        = 1205
	errDeadlock        = 1213
	errTooManyPrepared = 1461
)

// transient are the errors by which a server says that a transaction has
// failed as a whole, and may succeed when it is repeated.
var transient = map[uint16]bool{
	errLockWait: true,
	errDeadlock: true,
	8002:        true, // TiDB: write conflict
	8022:        true, // TiDB: commit failed, retryable
	8028:        true, // TiDB: the schema has changed meanwhile
	9007:        true, // TiDB: write conflict
}

// number returns the number of a server's error, or 0.
func number(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// lost reports whether the error is of the connection, and not the server's
// own about a statement.
func lost(err error) bool {
	return number(err) == 0 || errors.Is(shard.Wrap("", err), shard.ErrUnreachable)
}
