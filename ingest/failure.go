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
	errDuplicateKey    = 1061
	errNoSuchKey       = 1091
	errNoTable         = 1146
	errLockWait        = 1205
	errDeadlock        = 1213
	errTooManyPrepared = 1461
	errOnlineLogFull   = 1799
)

// indexRefusals are the errors by which a server says that it won't make an
// index, for what it is.
var indexRefusals = map[uint16]bool{
	1069: true, // too many keys
	1070: true, // too many columns in a key
	1071: true, // key too long
	1073: true, // a type that can't be in a key
	1117: true, // the table's definition is too long
	1170: true, // a text without a length
	1709: true, // a column too long for the row format
	1845: true, // ALGORITHM=INPLACE is not to be had
	1846: true, // likewise, with a reason
}

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
