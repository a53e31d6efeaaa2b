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

	"github.com/kolide/databalancer/shard"
)

// writer stores batches of requests.
type writer struct {
	shards   Shards
	rawLogs  bool
	timeout  time.Duration // of a transaction
	queues   queues
	sessions sessions
}

func newWriter(shards Shards, rawLogs bool, timeout time.Duration) *writer {
	w := &writer{shards: shards, rawLogs: rawLogs, timeout: timeout}
	w.queues.work = w.work
	return w
}

var inserters = sync.Pool{New: func() any { return new(inserter) }}

// work stores the requests of a queue until it is empty. It has a connection
// before it takes a batch, so that what arrives while it waits for one is in
// the batch too.
func (w *writer) work(key queueKey) {
	ins := inserters.Get().(*inserter)
	defer inserters.Put(ins)
	for w.workOnce(ins, key) {
	}
}

// workOnce stores one batch, and reports whether there was one.
func (w *writer) workOnce(ins *inserter, key queueKey) bool {
	conn, err := w.connect(key.shard)
	if err == nil {
		defer conn.Close() // gives it back; a broken one is the pool's concern
	}
	batch := w.queues.take(key)
	if err == nil {
		w.store(ins, key.shard, conn, batch)
		return len(batch) > 0
	}
	for _, p := range batch {
		p.finish(err)
	}
	return len(batch) > 0
}

// connect returns a connection to a shard.
func (w *writer) connect(name string) (*sql.Conn, error) {
	sh, err := w.shards.Shard(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.timeout)
	defer cancel()
	conn, err := sh.Write().Conn(ctx)
	return conn, shard.Wrap(name, err)
}

// store stores a batch in one transaction, and tells each of its requests the
// outcome. A batch that the server refuses is stored request by request, so
// that only those fail which can't be stored by themselves.
func (w *writer) store(ins *inserter, name string, conn *sql.Conn, batch []*pending) {
	if len(batch) == 0 {
		return
	}
	err := w.attempts(ins, name, conn, batch)
	if len(batch) > 1 && refused(err) {
		for i := range batch {
			w.store(ins, name, conn, batch[i:i+1])
		}
		return
	}
	for _, p := range batch {
		p.finish(err)
	}
}

// refused reports whether the server refuses a batch for what it says, which
// may be for one of its requests only.
func refused(err error) bool {
	var server *shard.ServerError
	return errors.As(err, &server) && !transient[server.Number] &&
		!errors.Is(err, shard.ErrUnreachable) && !errors.Is(err, ErrOutcomeUnknown)
}

// maxAttempts is how often a transaction is begun for a batch that other
// transactions get in the way of.
const maxAttempts = 5

// attempts stores a batch in one transaction, and repeats it where that is
// safe and may help: once over a new connection when the one it had was lost
// before COMMIT was sent, and some times when others were in its way.
func (w *writer) attempts(ins *inserter, name string, conn *sql.Conn, batch []*pending) error {
	reconnected := false
	for attempt := 1; ; attempt++ {
		err := w.transact(ins, conn, batch)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errAtCommit):
			return fmt.Errorf("%w: %w", ErrOutcomeUnknown, shard.Wrap(name, err))
		case errors.Is(err, context.DeadlineExceeded):
			return &shard.UnreachableError{Shard: name, Err: fmt.Errorf("no end of a transaction within %s", w.timeout)}
		case transient[number(err)] && attempt < maxAttempts:
			time.Sleep(rand.N(10 * time.Millisecond << attempt))
		case lost(err) && !reconnected:
			reconnected = true
			fresh, dialErr := w.connect(name)
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

// errAtCommit is what failed once COMMIT was sent.
var errAtCommit = errors.New("commit")

// transact stores a batch in one transaction over the connection. Unless it
// returns errAtCommit or nil, nothing is stored.
func (w *writer) transact(ins *inserter, conn *sql.Conn, batch []*pending) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.timeout)
	defer cancel()
	var failure error
	rawErr := conn.Raw(func(c any) error {
		dc, ok := c.(driver.Conn)
		if !ok {
			return fmt.Errorf("pool's connection is a %T", c)
		}
		s := w.sessions.get(dc)
		if failure = w.transaction(ctx, ins, s, batch); failure == nil {
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
func (w *writer) transaction(ctx context.Context, ins *inserter, s *session, batch []*pending) error {
	defer ins.release()
	if err := s.exec(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if err := w.insert(ctx, ins, s, batch); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // COMMIT would not be sent
	}
	err := s.exec(ctx, "COMMIT")
	if err == nil || errors.Is(err, driver.ErrBadConn) || transient[number(err)] {
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
	if s.exec(ctx, "ROLLBACK") == nil {
		return nil
	}
	w.sessions.forget(s.conn)
	return driver.ErrBadConn
}
