package shard

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/server"
)

// Wrap turns an error of the pool that Shard.Write returns into one of this
// package's: an error of the server becomes a *ServerError, and the lack or
// loss of a connection becomes an *UnreachableError. Anything else is only prefixed
// with the shard's name. Nil stays nil, and an error that was wrapped before
// stays as it is.
func Wrap(name string, err error) error {
	var (
		refusal  *mysql.MySQLError
		wrapped  *ServerError
		identity *IdentityError
		insecure *TLSError
		lacking  *CollationError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrapped), errors.As(err, &identity), errors.As(err, &insecure), errors.As(err, &lacking), errors.Is(err, ErrUnreachable):
		return err
	case errors.As(err, &refusal):
		return newServerError(name, refusal)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("shard %s: %w", name, err)
	case server.ConnectionLost(err):
		return &UnreachableError{name, err}
	}
	return fmt.Errorf("shard %s: %w", name, err)
}

var accountName = regexp.MustCompile(`(for|to) user '.*'@'[^']*'( \(using password: \w+\))?`)

func newServerError(name string, err *mysql.MySQLError) *ServerError {
	e := &ServerError{Number: err.Number, Message: err.Message, Shard: name}
	if err.SQLState != [5]byte{} {
		e.SQLState = string(err.SQLState[:])
	}
	class := server.ClassOf(err)
	if class.Has(server.Account) {
		e.Message = accountName.ReplaceAllString(e.Message, "$1 the configured account")
		// The driver's error would show the message as it was.
		scrubbed := *err
		scrubbed.Message = e.Message
		err = &scrubbed
	}
	e.causes = []error{err}
	if class.Has(server.Unavailable) {
		e.causes = append(e.causes, ErrUnreachable)
	}
	return e
}
