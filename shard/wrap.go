package shard

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"

	"github.com/go-sql-driver/mysql"
)

// Wrap turns an error of the pool that Shard.Write returns into one of this
// package's: an error of the server becomes a *ServerError, and the lack or
// loss of a connection becomes an *UnreachableError. Anything else is only prefixed
// with the shard's name. Nil stays nil, and an error that was wrapped before
// stays as it is.
func Wrap(name string, err error) error {
	var (
		server   *mysql.MySQLError
		wrapped  *ServerError
		identity *IdentityError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrapped), errors.As(err, &identity), errors.Is(err, ErrUnreachable):
		return err
	case errors.As(err, &server):
		return newServerError(name, server)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("shard %s: %w", name, err)
	case isConnectionError(err):
		return &UnreachableError{name, err}
	}
	return fmt.Errorf("shard %s: %w", name, err)
}

func isConnectionError(err error) bool {
	var network net.Error
	return errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, mysql.ErrInvalidConn) ||
		errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// unavailable holds the errors by which a server says that it takes no
// statements now, or that it has cut the connection.
var unavailable = map[uint16]bool{
	1040: true,                         // too many connections
	1053: true,                         // server shutdown in progress
	1077: true, 1078: true, 1079: true, // shutdown
	1129: true,                         // host blocked after connection errors
	1152: true, 1158: true, 1159: true, // connection aborted, network read
	1160: true, 1161: true, 1184: true, // network write, connection aborted
	1203: true, // max_user_connections
	1927: true, // MariaDB: connection was killed
	3169: true, // MySQL: session was killed
	9001: true, // TiDB: placement driver timeout
	9002: true, // TiDB: TiKV timeout
	9005: true, // TiDB: region unavailable
}

// denied holds the errors whose messages name the account and its host.
var denied = map[uint16]bool{
	1044: true, // access denied to database
	1045: true, // access denied
	1142: true, // command denied on a table
	1143: true, // command denied on a column
	1370: true, // command denied on a routine
	1698: true, // access denied, no password
}

var accountName = regexp.MustCompile(`(for|to) user '.*'@'[^']*'( \(using password: \w+\))?`)

func newServerError(name string, err *mysql.MySQLError) *ServerError {
	e := &ServerError{Number: err.Number, Message: err.Message, Shard: name}
	if err.SQLState != [5]byte{} {
		e.SQLState = string(err.SQLState[:])
	}
	if denied[err.Number] {
		e.Message = accountName.ReplaceAllString(e.Message, "$1 the configured account")
		// The driver's error would show the message as it was.
		scrubbed := *err
		scrubbed.Message = e.Message
		err = &scrubbed
	}
	e.causes = []error{err}
	if unavailable[err.Number] {
		e.causes = append(e.causes, ErrUnreachable)
	}
	return e
}
