package ingest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// writer stores batches of requests.
type writer struct {
	shards   Shards
	rawLogs  bool
	queues   queues
	sessions sessions
	outages  outages
}

func newWriter(shards Shards, rawLogs bool) *writer {
	w := &writer{shards: shards, rawLogs: rawLogs}
	w.queues.work, w.queues.up = w.work, w.up
	return w
}

var inserters = sync.Pool{New: func() any { return new(inserter) }}

// work stores the requests of a queue until it is empty. It has a connection
// before it takes a batch, so that what arrives while it waits for one is in
// the batch too.
func (w *writer) work(at post) {
	ins := inserters.Get().(*inserter)
	defer inserters.Put(ins)
	for at != (post{}) {
		at = w.workOnce(ins, at)
	}
}

// workOnce stores one batch, and returns where to go on: nowhere, if there was
// none.
func (w *writer) workOnce(ins *inserter, at post) post {
	conn, err := w.connect(at.shard)
	if err != nil {
		return w.withdraw(at, err)
	}
	defer conn.Close() // gives it back; a broken one is the pool's concern
	batch := w.queues.take(at)
	if len(batch) == 0 {
		return post{}
	}
	if moved := w.store(ins, at, conn, batch); moved {
		at, _ = w.queues.elsewhere(at)
	}
	return at
}

// withdraw is for a worker that can't reach its shard: it goes on with another
// of the family's, or if none is up lets a batch fail.
func (w *writer) withdraw(at post, err error) post {
	w.outages.note(at.shard)
	if next, ok := w.queues.elsewhere(at); ok {
		return next
	}
	batch := w.queues.take(at)
	for _, p := range batch {
		p.finish(err)
	}
	if len(batch) == 0 {
		return post{}
	}
	return at
}

// connect returns a connection to a shard.
func (w *writer) connect(name string) (*sql.Conn, error) {
	sh, err := w.shards.Shard(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	conn, err := sh.Write().Conn(ctx)
	return conn, shard.Wrap(name, err)
}

// store stores a batch in one transaction, and tells each of its requests the
// outcome. A batch that the server refuses is stored request by request, so
// that only those fail which can't be stored by themselves. One that was not
// even sent, since the shard is gone, goes back for another shard of the
// family: then store reports that it moved.
func (w *writer) store(ins *inserter, at post, conn *sql.Conn, batch []*pending) (moved bool) {
	err := w.attempts(ins, at.shard, conn, batch, commit)
	if len(batch) > 1 && refused(err) {
		for i := range batch {
			moved = w.store(ins, at, conn, batch[i:i+1]) || moved
		}
		return moved
	}
	if unfit(err) {
		err = w.blame(ins, at.shard, conn, batch[0], err)
	}
	var unsent *unsentError
	if errors.As(err, &unsent) {
		w.outages.note(at.shard)
		if w.queues.putBack(at, batch) {
			return true
		}
	}
	for _, p := range batch {
		p.finish(err)
	}
	return false
}

// refused reports whether the server refuses a batch for what it says, which
// may be for one of its requests only.
func refused(err error) bool {
	return server.Number(err) != 0 && !conflict(err) &&
		!errors.Is(err, shard.ErrUnreachable) && !errors.Is(err, ErrOutcomeUnknown)
}

// maxAttempts is how often a transaction is begun for a batch that other
// transactions get in the way of.
const maxAttempts = 5

// The statements that a transaction ends with.
const (
	commit = "COMMIT"
	undo   = "ROLLBACK"
)

// attempts stores a batch in one transaction, or only tries to if that ends
// with undo, and repeats it where that is safe and may help: once over a new
// connection when the one it had was lost before COMMIT was sent, and some
// times when others were in its way.
func (w *writer) attempts(ins *inserter, name string, conn *sql.Conn, batch []*pending, end string) error {
	reconnected, sent := false, false
	for attempt := 1; ; attempt++ {
		err := w.transact(ins, conn, batch, end)
		sent = sent || !errors.Is(err, errAtBegin)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errAtCommit):
			return fmt.Errorf("%w: %w", ErrOutcomeUnknown, shard.Wrap(name, err))
		case errors.Is(err, context.DeadlineExceeded):
			return &shard.UnreachableError{Shard: name, Err: fmt.Errorf("no end of a transaction within %s", commitTimeout)}
		case (conflict(err) || outlived(err)) && attempt < maxAttempts:
			time.Sleep(rand.N(10 * time.Millisecond << attempt))
		case lost(err) && !reconnected:
			reconnected = true
			fresh, dialErr := w.connect(name)
			if dialErr != nil && !sent {
				return &unsentError{dialErr}
			}
			if dialErr != nil {
				return dialErr
			}
			defer fresh.Close()
			conn = fresh
		default:
			return shard.Wrap(name, err)
		}
	}
}

// errAtCommit is what failed once COMMIT was sent, errAtBegin what failed
// before any row was.
var (
	errAtCommit = errors.New("commit")
	errAtBegin  = errors.New("begin")
)

// transact stores a batch in one transaction over the connection. Unless it
// returns errAtCommit or nil, nothing is stored.
func (w *writer) transact(ins *inserter, conn *sql.Conn, batch []*pending, end string) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	var failure error
	rawErr := conn.Raw(func(c any) error {
		dc, ok := c.(driver.Conn)
		if !ok {
			return fmt.Errorf("pool's connection is a %T", c)
		}
		s := w.sessions.get(dc)
		if failure = w.transaction(ctx, ins, s, batch, end); failure == nil {
			return nil
		}
		return w.rollback(ctx, s)
	})
	if failure != nil {
		return failure
	}
	return rawErr
}

// transaction sends the statements of a transaction.
func (w *writer) transaction(ctx context.Context, ins *inserter, s *session, batch []*pending, end string) error {
	defer ins.release()
	if err := s.exec(ctx, "START TRANSACTION"); err != nil {
		return fmt.Errorf("%w: %w", errAtBegin, err)
	}
	if err := w.insert(ctx, ins, s, batch); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // COMMIT would not be sent
	}
	err := s.exec(ctx, end)
	if err == nil || errors.Is(err, driver.ErrBadConn) || conflict(err) || unfit(err) {
		return err // the driver has sent nothing, or the server has stored nothing
	}
	return fmt.Errorf("%w: %w", errAtCommit, err)
}

// insert writes the events into the family's table, and then into raw_logs.
// In this order, whoever renames the table has waited for both.
func (w *writer) insert(ctx context.Context, ins *inserter, s *session, batch []*pending) error {
	for from := 0; from < len(batch); {
		tg, to := batch[from].target, from+1
		for to < len(batch) && batch[to].target.insert == tg.insert {
			to++
		}
		source := &typedRows{requests: batch[from:to], event: -1, hidden: &ins.hidden}
		if err := ins.insert(ctx, s, form{tg.insert, tg.row(), tg.params}, source); err != nil {
			return err
		}
		from = to
	}
	if !w.rawLogs {
		return nil
	}
	source := &rawRows{family: batch[0].target.table.Name, requests: batch, event: -1}
	return ins.insert(ctx, s, rawForm, source)
}

// rollback makes the connection usable again after a failed transaction, or
// returns driver.ErrBadConn to have it discarded.
func (w *writer) rollback(ctx context.Context, s *session) error {
	if s.exec(ctx, undo) == nil {
		return nil
	}
	w.sessions.forget(s.conn)
	return driver.ErrBadConn
}
