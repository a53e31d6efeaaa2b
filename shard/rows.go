package shard

import (
	"errors"
	"fmt"

	"github.com/kolide/databalancer/fault"
)

// Rows is the result of a statement, read as it arrives. It is not safe for
// concurrent use.
type Rows struct {
	conn      *Conn
	statement string
	columns   []ColumnType
	values    [][]byte
	zerofill  bool     // some column may have zeros to strip
	done      bool     // the connection is through with the statement
	ok        okPacket // of a statement that has come to its end
	err       error
}

// Shard returns the name of the shard that the rows come from.
func (r *Rows) Shard() string { return r.conn.shard.Name() }

// Columns describes the result's columns; there are none for a statement that
// returns no rows. The caller must not change them.
func (r *Rows) Columns() []ColumnType { return r.columns }

// Next reads the next row, and reports whether there was one. After the last
// row, or an error, the connection is free for another statement.
func (r *Rows) Next() bool {
	if r.done {
		return false
	}
	p, err := r.conn.wire.packet()
	switch {
	case refused(err): // and nobody is going to read the rest
		r.refuse(err)
		return false
	case err != nil:
	case isEnd(p):
		r.finish(r.ended(p))
		return false
	case p[0] == markError:
		err = readError(p)
	default:
		if err = r.split(p); err == nil {
			return true
		}
	}
	r.finish(err)
	return false
}

// Values returns the row's values as the server wrote them, in its text form,
// without the zeros of ZEROFILL; nil is NULL. They are valid until Next or
// Close, and the caller must not change them.
func (r *Rows) Values() [][]byte { return r.values }

// Err returns the error that ended the rows early, if any: a *ServerError, an
// ErrUnreachable, or, once the context that Query was given has ended, its
// cause; ErrMemoryBusy, or one with the code fault.TooLarge, for a row that is
// too large. The statement has been stopped then.
func (r *Rows) Err() error { return r.err }

// Close ends the statement. What was not read of it is not drained: the server
// is told to stop, and the connection is not used again. Close may be called
// at any time, and again.
func (r *Rows) Close() error {
	if r.done {
		return nil
	}
	if ended, err := r.skip(); ended {
		r.finish(err)
		return nil
	}
	r.done = true
	r.values = nil
	r.conn.abandon()
	return nil
}

// skip passes over the rows that have arrived already, and reports whether
// they were the last ones: a reader that stops at a limit has mostly read all.
func (r *Rows) skip() (ended bool, err error) {
	for r.conn.wire.buffered() {
		p, err := r.conn.wire.packet()
		switch {
		case err != nil:
			return true, err
		case isEnd(p):
			return true, r.ended(p)
		case p[0] == markError:
			return true, readError(p)
		}
	}
	return false, nil
}

// ended reads the packet that ends the rows.
func (r *Rows) ended(p []byte) (err error) {
	r.ok, err = r.conn.session.socket.agreed.ending(p)
	return checkStatus(r.ok.status, err)
}

// refused reports whether a row is not read for a reason of ours.
func refused(err error) bool {
	_, ours := errors.AsType[*fault.Error](err)
	return ours
}

// refuse ends the rows for a reason of ours.
func (r *Rows) refuse(reason error) {
	r.done = true
	r.values = nil
	r.conn.abandon()
	r.err = r.conn.shard.end(reason)
}

func (r *Rows) finish(err error) {
	r.done = true
	r.values = nil
	r.err = r.conn.finish(err)
}

// split sets the values to the parts of a row packet.
func (r *Rows) split(p []byte) (err error) {
	for i := range r.values {
		if len(p) > 0 && p[0] == markLocal { // NULL
			r.values[i], p = nil, p[1:]
			continue
		}
		if len(p) > 0 && p[0] < markLocal && int(p[0]) < len(p) { // one byte of length
			end := 1 + int(p[0])
			r.values[i], p = p[1:end:end], p[end:]
			continue
		}
		if r.values[i], p, err = lengthBytes(p); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	if r.zerofill {
		r.stripZeros()
	}
	return nil
}

// stripZeros makes ZEROFILL numbers such as 00042 the numbers they stand for.
func (r *Rows) stripZeros() {
	for i := range r.columns {
		if !r.columns[i].zerofill {
			continue
		}
		v := r.values[i]
		for len(v) > 1 && v[0] == '0' && '0' <= v[1] && v[1] <= '9' {
			v = v[1:]
		}
		r.values[i] = v
	}
}
