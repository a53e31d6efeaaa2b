package shard

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"reflect"
	"unsafe"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// TLSError means that there is no connection to a server for TLS's sake:
// because it is off, or not to be had there, or not to be trusted.
type TLSError struct {
	Shard  string // the shard's name, or the address of a server without one
	Reason string
	Err    error
}

func (e *TLSError) Error() string      { return fmt.Sprintf("shard %s: %s: %v", e.Shard, e.Reason, e.Err) }
func (e *TLSError) Unwrap() error      { return e.Err }
func (e *TLSError) Code() fault.Code   { return fault.ShardUnavailable }
func (e *TLSError) Detail() string     { return e.Reason }
func (e *TLSError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

// explain turns the failure of connecting into a *TLSError where that is what
// TLS has to do with it.
func (c *connector) explain(ctx context.Context, err error) error {
	number := server.Number(err)
	switch {
	case number == server.InsecureTransport, number == server.AccessDenied && c.needsTLS(ctx):
		err = Wrap(c.name, err) // without the account's name
		return &TLSError{c.name, "the server takes the account only over TLS, and the connection has none", err}
	case errors.Is(err, mysql.ErrNoTLS):
		return &TLSError{c.name, "the server offers no TLS", err}
	case refusedHandshake(err):
		return &TLSError{c.name, "no agreement with the server on TLS", err}
	}
	return err
}

// needsTLS reports whether an account that was refused over a plain connection
// is taken over an encrypted one. Servers do not tell: an account that REQUIREs
// SSL is refused there as one with another password is.
func (c *connector) needsTLS(ctx context.Context) bool {
	if c.tls.String() != string(TLSOff) {
		return false
	}
	encrypted := *c
	encrypted.tls = &TLS{mode: TLSRequired, last: &tls.Config{}}
	s, err := encrypted.dial(ctx)
	if err != nil {
		return server.Number(err) == server.BadDatabase || server.ClassOf(err).Has(server.Denied)
	}
	s.close()
	return true
}

// refusedHandshake reports whether either side ended the handshake of TLS.
func refusedHandshake(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       *net.OpError
	)
	return errors.As(err, &certificate) || errors.As(err, &record) ||
		errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error")
}

// stream returns what the driver reads from and writes to: its dialled
// connection, or the TLS over it. The driver has no method for that, and the
// connection of TLS is its own, so this looks into it, at a field that it has
// had since its first release; TestTLS notices should that change.
func stream(conn driver.Conn) (net.Conn, error) {
	field := reflect.Indirect(reflect.ValueOf(conn)).FieldByName("netConn")
	if !field.IsValid() || !field.CanAddr() || field.Type() != reflect.TypeFor[net.Conn]() {
		return nil, fmt.Errorf("driver's %T: its connection is not where it was", conn)
	}
	return *(*net.Conn)(unsafe.Pointer(field.UnsafeAddr())), nil
}
