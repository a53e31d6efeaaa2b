package shard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/server"
)

const (
	// killTimeout bounds sending a KILL and hearing its answer.
	killTimeout = 2 * time.Second
	// killGrace is how long a statement may go on after a KILL.
	killGrace = time.Second
)

var (
	errBusy      = errors.New("rows of the last statement are still open")
	errDiscarded = errors.New("connection was given up")
)

// Conn is one connection for queries, in a read-only session where the server
// offers that. It is not safe for concurrent use.
type Conn struct {
	shard   *Shard
	session *session
	wire    wire
	broken  bool  // not to be used for another statement
	heard   bool  // the server has answered a statement
	rows    *Rows // of the last statement

	// While a statement runs, its context's end starts one goroutine that
	// stops it. It sets cause and killed, and counts in killer.
	unwatch func() bool
	killer  sync.WaitGroup
	cause   error
	killed  bool // the server has taken a KILL
}

// Query sends one statement as text and returns its rows. When ctx ends before
// the last row was read, the statement is stopped on the server, Rows.Err or
// Query itself returns ctx's cause, and the connection can't be used again.
// Errors are an *Error; it wraps a *ServerError where the server gave it, and
// ErrUnreachable where the connection was lost.
func (c *Conn) Query(ctx context.Context, statement string) (*Rows, error) {
	return c.QueryAfter(ctx, "", statement)
}

// QueryAfter is Query, with a statement before it that returns no rows and is
// sent along: both take the time of one. Where the first fails, its error is
// returned. An empty one is none.
func (c *Conn) QueryAfter(ctx context.Context, first, statement string) (*Rows, error) {
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	rows, err := c.run(ctx, first, statement)
	if err == nil || !c.stale(err) {
		return rows, err
	}
	if err := c.renew(ctx); err != nil {
		return nil, err
	}
	return c.run(ctx, first, statement)
}

// ready returns why no statement can be sent now, if so.
func (c *Conn) ready(ctx context.Context) error {
	switch {
	case c.rows != nil && !c.rows.done:
		return c.shard.end(errBusy)
	case c.broken:
		return c.shard.end(errDiscarded)
	case ctx.Err() != nil:
		return c.shard.end(context.Cause(ctx))
	}
	return nil
}

// run sends the statements and returns the rows of the last, or ends it.
func (c *Conn) run(ctx context.Context, first, statement string) (*Rows, error) {
	c.start(ctx)
	rows, err := c.executeBoth(first, statement)
	if err == nil && !rows.done {
		c.rows, rows.statement = rows, statement
		return rows, nil
	}
	if err := c.finish(err); err != nil {
		return nil, err
	}
	return rows, nil
}

// stale reports whether a statement failed because its connection had been
// lost before, which nobody checks when it was in use only just now: nothing
// came in answer, and soon. A packet that the server sent unasked, to say why
// it leaves, is out of sequence. The statement may be sent once more, since
// it changes nothing. One that ran for a while is not: it may be what its
// server fell over, or somebody has cut its connection to be rid of it.
func (c *Conn) stale(err error) bool {
	return !c.heard && c.cause == nil && time.Since(c.session.used) < 2*trust &&
		(errors.Is(err, ErrUnreachable) || errors.Is(err, errSequence))
}

// renew replaces the lost connection by a new one.
func (c *Conn) renew(ctx context.Context) (err error) {
	c.session, err = c.shard.renew(ctx, c.session)
	c.broken = err != nil
	return err
}

// Close gives the connection back, and ends a statement that it still runs.
func (c *Conn) Close() error {
	if c.session == nil {
		return nil
	}
	if c.rows != nil {
		c.rows.Close()
	}
	c.shard.query.put(c.session, !c.broken)
	c.session = nil
	c.broken = true
	return nil
}

// Discard makes Close end the connection, for one whose session is not as it
// was.
func (c *Conn) Discard() { c.broken = true }

func (c *Conn) start(ctx context.Context) {
	c.wire.start(ctx, c.shard.cfg.memory, c.session.stream)
	c.killer.Add(1)
	c.unwatch = context.AfterFunc(ctx, func() {
		defer c.killer.Done()
		c.cause = context.Cause(ctx)
		c.stop(context.WithoutCancel(ctx))
	})
}

// finish ends a statement that the server is through with, or whose
// connection is lost, and returns the error to report. It waits for a KILL on
// its way: the connection must not be closed, let alone used, before that.
func (c *Conn) finish(err error) error {
	if c.unwatch() {
		c.killer.Done()
	}
	c.killer.Wait()
	c.wire.end()
	if c.cause != nil {
		if c.killed && errors.Is(err, os.ErrDeadlineExceeded) {
			c.stop(context.Background())
		}
		// Also where the server ended the rows well: a statement may answer
		// a KILL with a result, as MySQL's SLEEP does.
		c.broken = true
		return c.shard.end(c.cause)
	}
	if of := (*mysql.MySQLError)(nil); err != nil && !errors.As(err, &of) {
		c.broken = true
	}
	return c.shard.fail(err)
}

// abandon stops a statement that is still going on, and gives up the
// connection.
func (c *Conn) abandon() {
	if c.unwatch() {
		c.stop(context.Background())
		c.killer.Done()
	}
	c.killer.Wait()
	c.wire.end()
	c.broken = true
	// Now, and not with Close: the server may be waiting to write.
	c.session.close()
}

// stop tells the server to stop the statement, and sees to it that reading
// from the connection soon fails if it doesn't. It is then told once more: TiDB
// forgets a KILL that comes before it has begun.
func (c *Conn) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	if err := c.shard.kill(ctx, c.session); err != nil {
		c.shard.cfg.Logger.Warn("statement not killed", "shard", c.shard.Name(), "err", err)
		c.session.socket.expire(0)
		return
	}
	c.killed = true
	c.session.socket.expire(killGrace)
}

// executeBoth sends both statements and reads up to the first row of the last.
func (c *Conn) executeBoth(first, statement string) (*Rows, error) {
	if first != "" {
		if err := c.wire.command(comQuery, first); err != nil {
			return nil, err
		}
	}
	if err := c.wire.command(comQuery, statement); err != nil {
		return nil, err
	}
	if first == "" {
		return c.opening()
	}
	before, err := c.opening()
	switch {
	case err != nil && server.Number(err) == 0:
		return nil, err
	case err == nil && !before.done:
		return nil, errRows
	}
	c.wire.sequence = 1
	rows, next := c.opening()
	if err == nil {
		return rows, next
	}
	if next == nil && !rows.done {
		c.broken = true // what the second returns, nobody reads
	}
	return nil, err
}

// opening reads the answer to a statement up to the first row.
func (c *Conn) opening() (*Rows, error) {
	p, err := c.wire.packet()
	if err != nil {
		return nil, err
	}
	c.heard = true
	switch p[0] {
	case markOK:
		o, err := readOK(p[1:])
		return &Rows{conn: c, done: true, ok: o}, checkStatus(o.status, err)
	case markError:
		return nil, readError(p)
	case markLocal:
		return nil, errLocalFile
	}
	count, _, err := lengthInt(p)
	if err != nil || count > maxColumns {
		return nil, errMalformed
	}
	return c.columns(int(count))
}

// maxColumns is the most columns that a result of MySQL can have.
const maxColumns = 1 << 16

func (c *Conn) columns(count int) (*Rows, error) {
	definitions := newShaper(&c.session.shape, count)
	for i := range count {
		p, err := c.wire.packet()
		if err != nil {
			return nil, err
		}
		if err := definitions.add(p); err != nil {
			return nil, fmt.Errorf("column %d: %w", i, err)
		}
	}
	if c.session.socket.agreed&deprecateEOF == 0 {
		if _, err := c.wire.packet(); err != nil {
			return nil, err
		}
	}
	s := definitions.shape()
	c.session.reshape(s)
	return &Rows{conn: c, columns: s.columns, zerofill: s.zerofill, values: c.session.row(count)}, nil
}

func checkStatus(status uint16, err error) error {
	if err == nil && status&moreResults != 0 {
		return errMoreResults
	}
	return err
}
