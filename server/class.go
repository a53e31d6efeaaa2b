package server

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// Class is what a server's error means to us: a set of the values below.
type Class uint32

const (
	// Unavailable: the server takes no statements now, or has cut the
	// connection.
	Unavailable Class = 1 << iota
	// ReadOnly: it may not be written to, as a replica may not.
	ReadOnly
	// Conflict: the transaction lost against another, and nothing of it is
	// stored, even where the error came at COMMIT; it may be repeated.
	Conflict
	// Locked: a lock was not to be had in the time allowed.
	Locked
	// Changed: the table is not what the statement takes it for: somebody
	// has changed it meanwhile.
	Changed
	// Unknown: there is no such table or column. A newer catalog may know
	// better.
	Unknown
	// NoIndex: the server won't make an index, for what it is.
	NoIndex
	// Denied: the account lacks a right.
	Denied
	// Account: the message names the account and its host.
	Account
	// Exhausted: there is no room left, on disk or in memory.
	Exhausted
	// TimeLimit: a time limit of the server's own ended the statement.
	TimeLimit
	// Refused: it does not take a value: one out of range, or JSON that it
	// can't hold.
	Refused
	// TooBig: a row, a statement or a transaction is larger than it takes.
	TooBig
	// Outlived: a prepared statement has outlived what it was prepared for, and
	// will never run again. Prepared anew it may.
	Outlived
	// Stopped: a KILL ended the statement.
	Stopped
	// Unasked: a SELECT fails so for reasons of the server's own. All other
	// errors of a SELECT are of its text.
	Unasked
	// Cut: what the server gives is not all: a limit of its own was in the way.
	// As a warning it comes with an answer.
	Cut
	// Advice: a warning that says nothing of the values, which are stored as
	// they were given.
	Advice
)

// Has reports whether the class is one of others, too.
func (c Class) Has(others Class) bool { return c&others != 0 }

// The numbers that matter by themselves.
const (
	Rewritten         = 1003 // the note of EXPLAIN: the statement as the server has understood it
	AccessDenied      = 1045 // to the account, by its password or for want of TLS
	BadDatabase       = 1049 // there is no such database
	DuplicateColumn   = 1060
	NoSuchThread      = 1094 // nothing to KILL
	TableFull         = 1114
	RowTooLarge       = 1118 // for a page, or for the definition
	CannotReopen      = 1137 // MySQL: a temporary table may stand in a statement once, also by way of a WITH
	PacketTooLarge    = 1153
	NoSuchTable       = 1146
	UnknownCollation  = 1273
	TooManyPrepared   = 1461
	NotInstant        = 1845 // the ALGORITHM asked for is not to be had
	NotInstantWhy     = 1846 // likewise, with the reason
	NoSuchStatement   = 1957 // MariaDB: nothing to KILL by its own number
	InsecureTransport = 3159 // require_secure_transport
	LockNotAvailable  = 3572 // NOWAIT
)

// Number returns the number of the server's error that err is, or 0.
func Number(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// ClassOf returns the class of the server's error that err is; 0 for an error
// that means nothing to us, or is no server's.
func ClassOf(err error) Class {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return 0
	}
	return Classify(e.Number, e.Message)
}

// Classify returns the class of the errors of that number, of which TiDB gives
// one to many that only the message tells apart.
func Classify(number uint16, message string) Class {
	switch {
	case number == unknownError && message == "context canceled":
		number = interrupted
	case number == unknownError && lockWait.MatchString(message):
		number = lockWaitTimeout
	case number == incomplete && !strings.Contains(message, recursionLimit):
		return 0 // MariaDB: LIMIT … ROWS EXAMINED, which the statement itself says
	case number == internalError && !strings.HasPrefix(message, "Internal error"):
		return 0 // TiDB can't plan the statement, such as one with JSON for a condition
	}
	return classes[number]
}

const (
	unknownError    = 1105
	lockWaitTimeout = 1205
	interrupted     = 1317 // by KILL QUERY
	internalError   = 1815
	incomplete      = 1931 // MariaDB's, whatever the limit
)

// recursionLimit is how MariaDB calls the limit of Info.RecursionLimit.
const recursionLimit = "max_recursive_iterations"

// lockWait matches what TiDB says of a lock that it did not get where it has
// no number for that.
var lockWait = regexp.MustCompile(`(?i)\block ?wait\b|lockwait|key is locked|keyislocked|resolve ?lock timeout|pessimistic ?lock`)

// ConnectionLost reports whether err says that there is no connection to a
// server, or none any more.
func ConnectionLost(err error) bool {
	var network net.Error
	if errors.As(err, &network) {
		return true
	}
	for _, cause := range []error{
		driver.ErrBadConn, mysql.ErrInvalidConn, sql.ErrConnDone, net.ErrClosed, io.EOF, io.ErrUnexpectedEOF,
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}
