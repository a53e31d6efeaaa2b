package shard

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// soon is more than anything that ends at once takes, and less than what
// runs until it is stopped.
const soon = 10 * time.Second

// crossJoin computes for hours, and returns no row before its end.
var crossJoin = "SELECT COUNT(*) FROM " + numbers(14) + " WHERE n < 0"

// rowsFirst is a statement that returns some rows, and goes on for hours.
func rowsFirst(t testing.TB) string {
	t.Helper()
	if localtest.Backend(t).Vendor == server.TiDB { // its SLEEP among rows is not stopped by a KILL
		return "SELECT REPEAT('x', 1000), n FROM " + numbers(14)
	}
	return "SELECT REPEAT('x', 1000), SLEEP(IF(n < 500, 0, 3000)) FROM " + numbers(3)
}

var errEnough = errors.New("enough of it")

// running counts the statements on the server whose text begins with prefix.
func running(t testing.TB, sh *Shard, prefix string) int {
	t.Helper()
	return localtest.Value[int](t, sh.control,
		"SELECT COUNT(*) FROM information_schema.processlist WHERE LEFT(info, CHAR_LENGTH(?)) = ?", prefix, prefix)
}

// endWhenRunning ends a context as soon as the server runs what begins with
// prefix.
func endWhenRunning(t *testing.T, sh *Shard, prefix string) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	var watcher sync.WaitGroup
	watcher.Go(func() {
		eventually(t, prefix+" runs", func() bool { return running(t, sh, prefix) > 0 })
		cancel(errEnough)
	})
	t.Cleanup(watcher.Wait)
	return ctx
}

func TestEndOfContextStopsStatement(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	for i, statement := range []string{"SELECT SLEEP(3000)", crossJoin, rowsFirst(t)} {
		tag := fmt.Sprintf("/* %s %d */ ", f.database, i)
		c := open(t, sh)
		start := time.Now()
		err := run(endWhenRunning(t, sh, tag), c, tag+statement)
		if !errors.Is(err, errEnough) || !strings.Contains(err.Error(), "shard s0") {
			t.Errorf("%s: got %v", statement, err)
		}
		if time.Since(start) > soon {
			t.Errorf("%s: ended after %s", statement, time.Since(start))
		}
		eventually(t, "the server has stopped "+statement, func() bool { return running(t, sh, tag) == 0 })
		if _, err := c.Query(t.Context(), "SELECT 1"); !errors.Is(err, errDiscarded) {
			t.Errorf("%s: its connection was used again: %v", statement, err)
		}
		c.Close()
		if _, idle := sh.query.counts(); idle != 0 {
			t.Errorf("%s: its connection was kept", statement)
		}
	}
}

// A statement that is stopped when it has hardly been sent is stopped all the
// same, though the server may hear of that before it has begun.
func TestStopsWhatHasHardlyBegun(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	tag := "/* " + f.database + " */ "
	for range 100 {
		c := open(t, sh)
		ctx, cancel := context.WithTimeoutCause(t.Context(), rand.N(200*time.Microsecond), errEnough)
		if err := run(ctx, c, tag+crossJoin); !errors.Is(err, errEnough) {
			t.Errorf("got %v", err)
		}
		cancel()
		c.Close()
	}
	eventually(t, "the server has stopped all", func() bool { return running(t, sh, tag) == 0 })
}

func TestContextThatHasEnded(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := c.Query(ctx, "SELECT 1"); !errors.Is(err, errEnough) {
		t.Fatalf("got %v", err)
	}
	if got := texts(t, c, "SELECT 2"); got[0][0] != "2" {
		t.Fatalf("got %v", got)
	}
}

func TestCloseStopsStatement(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	closers := map[string]func(*Rows, *Conn) error{
		"rows":       func(r *Rows, _ *Conn) error { return r.Close() },
		"connection": func(_ *Rows, c *Conn) error { return c.Close() },
	}
	for what, closeIt := range closers {
		tag := fmt.Sprintf("/* %s %s */ ", f.database, what)
		c := open(t, sh)
		rows, err := c.Query(t.Context(), tag+"SELECT REPEAT('x', 1000) FROM "+numbers(8))
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		start := time.Now()
		if err := closeIt(rows, c); err != nil {
			t.Fatal(err)
		}
		if time.Since(start) > soon {
			t.Errorf("closing the %s took %s", what, time.Since(start))
		}
		eventually(t, "the server has stopped", func() bool { return running(t, sh, tag) == 0 })
		if rows.Next() || rows.Values() != nil || rows.Close() != nil {
			t.Errorf("rows go on after closing the %s", what)
		}
	}
}

func TestStatementWhoseKillFailsLosesItsSocket(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	tag := "/* " + f.database + " */ "
	c := open(t, sh)
	ctx, cancel := context.WithCancelCause(t.Context())
	id := c.session.id
	var watcher sync.WaitGroup
	watcher.Go(func() {
		eventually(t, "it runs", func() bool { return running(t, sh, tag) > 0 })
		sh.control.Close()
		cancel(errEnough)
	})
	start := time.Now()
	err := run(ctx, c, tag+"SELECT SLEEP(3000)")
	watcher.Wait()
	if !errors.Is(err, errEnough) || time.Since(start) > soon {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
	c.Close()
	if _, idle := sh.query.counts(); idle != 0 {
		t.Error("the connection was kept")
	}
	exec(t, sh, fmt.Sprintf("KILL %d", id)) // SLEEP doesn't notice a closed socket
}

// However the ends of contexts and of statements fall together, a KILL never
// meets the next statement on a connection.
func TestKillNeverMeetsAnotherStatement(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i := range 150 {
				c, err := sh.Conn(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(800))*time.Microsecond)
				if err := run(ctx, c, "SELECT n FROM "+numbers(2)); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%d: %v", i, err)
				}
				if !c.broken {
					innocent(t, c, i)
				}
				cancel()
				c.Close()
			}
		})
	}
	workers.Wait()
	if sh.Stats().Kills == 0 {
		t.Error("nothing was killed, so nothing was shown")
	}
}

// innocent runs a statement that nobody stops.
func innocent(t *testing.T, c *Conn, i int) {
	rows, err := c.Query(t.Context(), "SELECT SLEEP(0.0005)")
	if err != nil {
		t.Errorf("%d: %v", i, err)
		return
	}
	for rows.Next() {
		if string(rows.Values()[0]) != "0" {
			t.Errorf("%d: SLEEP was interrupted", i)
		}
	}
	if rows.Err() != nil {
		t.Errorf("%d: %v", i, rows.Err())
	}
}

func TestKillTagged(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	tag := "/* databalancer " + f.database + "-1 */"
	other := "/* databalancer " + f.database + "-10 */"
	var statements sync.WaitGroup
	start := func(statement string, check func(error)) {
		c := open(t, sh)
		statements.Go(func() { check(run(t.Context(), c, statement)) })
	}
	for range 2 {
		start(tag+" "+crossJoin, func(err error) {
			var killed *ServerError
			if !errors.As(err, &killed) || !server.ClassOf(err).Has(server.Stopped) {
				t.Errorf("a tagged statement ended with %v", err)
			}
		})
	}
	start(other+" SELECT SLEEP(1)", func(err error) {
		if err != nil {
			t.Errorf("another statement ended with %v", err)
		}
	})
	eventually(t, "all run", func() bool { return running(t, sh, tag) == 2 && running(t, sh, other) == 1 })
	n, err := sh.KillTagged(t.Context(), tag)
	if n != 2 || err != nil {
		t.Errorf("killed %d, %v", n, err)
	}
	statements.Wait()
	if n, err := sh.KillTagged(t.Context(), tag); n != 0 || err != nil {
		t.Errorf("killed %d when nothing ran, %v", n, err)
	}
}
