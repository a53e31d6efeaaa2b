package proxy

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/proxy/shardtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

func TestCancelInThisProcess(t *testing.T) {
	f := newFixture(t, 2)
	for name, plan := range map[string]*router.Plan{
		"single": single(endless),
		"concat": concat(endless, endless),
	} {
		t.Run(name, func(t *testing.T) {
			done := f.start(t.Context(), "q", plan, &sink{})
			f.AwaitRunning(t, len(plan.Steps)-1, Tag("q"), "")
			if found, err := f.Cancel(t.Context(), "q"); !found || err != nil {
				t.Fatalf("%v, %v", found, err)
			}
			if r := await(t, done); r.err != ErrCancelled {
				t.Errorf("%v, want ErrCancelled", r.err)
			}
			f.idle(t, "q")
			if found, err := f.Cancel(t.Context(), "q"); found || err != nil {
				t.Errorf("afterwards: %v, %v", found, err)
			}
		})
	}
}

func TestCancelFromAnotherProcess(t *testing.T) {
	f := newFixture(t, 2)
	other := over(shardtest.At(t, f.Addresses, f.Database))
	done := f.start(t.Context(), "q", concat("SELECT 1", endless), &sink{})
	f.AwaitRunning(t, 1, Tag("q"), "")
	if found, err := other.Cancel(t.Context(), "q"); !found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	if r := await(t, done); !errors.Is(r.err, ErrCancelled) {
		t.Errorf("%v, want ErrCancelled", r.err)
	}
	f.idle(t, "q")
}

func TestCancelFindsNoQueryOfAnotherID(t *testing.T) {
	f := newFixture(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := f.start(ctx, "query1", single(endless), &sink{})
	f.AwaitRunning(t, 0, Tag("query1"), "")
	for _, id := range []string{"query", "query12", "query_"} {
		if found, err := f.Cancel(t.Context(), id); found || err != nil {
			t.Errorf("id %s: %v, %v", id, found, err)
		}
	}
	cancel()
	if r := await(t, done); r.err != context.Canceled {
		t.Errorf("%v, want context.Canceled", r.err)
	}
}

func TestDeadline(t *testing.T) {
	f := newFixture(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := f.ask(ctx, "q", concat(endless, wide), 0, &sink{})
	if err != context.DeadlineExceeded {
		t.Errorf("%v, want context.DeadlineExceeded", err)
	}
	f.idle(t, "q")
}

// A sink that fails, as for a client that is gone, ends the query everywhere,
// and whatever its error says, nothing is tried again.
func TestSinkFails(t *testing.T) {
	f := newFixture(t, 2)
	broken := fault.New(fault.StaleTable, "broken pipe")
	s := &sink{row: func(n int) error {
		if n == 3 {
			return broken
		}
		return nil
	}}
	result, err := f.ask(t.Context(), "q", concat(wide, wide), 0, s)
	if !errors.Is(err, broken) || result.Rows != 2 || f.catalog.asked.Load() != 0 {
		t.Errorf("%+v, %v", result, err)
	}
	f.idle(t, "q")
}

func TestSinkRefusesColumns(t *testing.T) {
	f := newFixture(t, 1)
	s := &sink{columns: []Column{}} // as if told before
	if _, err := f.ask(t.Context(), "q", single(wide), 0, s); err == nil {
		t.Error("no error")
	}
	f.idle(t, "q")
}

// An arm that fails to open ends the others at once, however long they would
// have taken.
func TestArmFails(t *testing.T) {
	f := newFixture(t, 2)
	_, _, err := f.run(t, concat(endless, "SELECT nonsense("), 0)
	var server *shard.ServerError
	if !errors.As(err, &server) || server.Number != 1064 || server.Shard != "s1" {
		t.Errorf("%v, want the error 1064 of s1", err)
	}
	f.idle(t, "test")
}

// An arm whose turn has not come waits without its rows being kept.
func TestLaterArmsWait(t *testing.T) {
	f := newFixture(t, 2)
	seen := 0
	s := &sink{row: func(n int) error {
		if n == 1 {
			f.AwaitRunning(t, 1, Tag("q"), "")
		}
		seen = n
		return nil
	}}
	result, err := f.ask(t.Context(), "q", concat("SELECT 'first'", wide), 5000, s)
	if err != nil || result.Rows != 5000 || !result.Truncated || s.rows[0] != "first" {
		t.Errorf("%+v, %v", result, err)
	}
	if seen != 5000 {
		t.Errorf("%d rows seen", seen)
	}
	f.idle(t, "q")
}

// Plans that need the same connections of two shards wait for each other, but
// never for ever.
func TestNoDeadlock(t *testing.T) {
	f := newFixture(t, 2, func(c *shard.Config) { c.QueryConns = 2 })
	forth := concat("SELECT 1", "SELECT 2")
	back := &router.Plan{Kind: router.Concat, Steps: []router.Step{
		{Shard: "s1", SQL: "SELECT 1"}, {Shard: "s1", SQL: "SELECT 2"}, {Shard: "s0", SQL: "SELECT 3"}, {Shard: "s0", SQL: "SELECT 4"}}}
	const workers = 8
	done := make(chan error, workers)
	for i := range workers {
		go func() {
			for n := range 25 {
				plan, id := forth, string(rune('a'+i))
				if n%2 == 0 {
					plan = back
				}
				if _, err := f.ask(t.Context(), id, plan, 0, &sink{}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range workers {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("plans wait for each other")
		}
	}
	f.idle(t, "a")
}

func TestServerDiesMidStream(t *testing.T) {
	cluster := localtest.Dedicated(t, 1)
	f := over(shardtest.At(t, cluster.Sockets(), "mysql"))
	s := &sink{row: func(n int) error {
		if n == 10 {
			return cluster.Kill(0)
		}
		return nil
	}}
	result, err := f.ask(t.Context(), "q", single(wide), 0, s)
	var place *shard.Error
	if !errors.Is(err, shard.ErrUnreachable) || !errors.As(err, &place) || place.Shard != "s0" {
		t.Errorf("%v, want ErrUnreachable of s0", err)
	}
	if result.Rows < 10 {
		t.Errorf("%d rows", result.Rows)
	}
}

func TestUnreachable(t *testing.T) {
	f := over(shardtest.At(t, []string{"/nowhere/at.sock"}, "d"))
	if _, _, err := f.run(t, single("SELECT 1"), 0); !errors.Is(err, shard.ErrUnreachable) {
		t.Errorf("%v, want ErrUnreachable", err)
	}
	if _, err := f.Cancel(t.Context(), "q"); !errors.Is(err, shard.ErrUnreachable) {
		t.Errorf("cancel: %v, want ErrUnreachable", err)
	}
}

func TestSameIDTwice(t *testing.T) {
	f := newFixture(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := f.start(ctx, "q", single(endless), &sink{})
	f.AwaitRunning(t, 0, Tag("q"), "")
	if _, err := f.ask(t.Context(), "q", single("SELECT 1"), 0, &sink{}); err == nil {
		t.Error("no error")
	}
	cancel()
	await(t, done)
}

func BenchmarkRun(b *testing.B) {
	f := newFixture(b, 1)
	plan := single("SELECT 1 AS id, 'spot' AS name", router.Column{Name: "id", Type: catalog.Int}, router.Column{Name: "name", Type: catalog.Text})
	f.plans.known.Store("q", plan)
	for b.Loop() {
		if _, err := f.Query(b.Context(), Query{ID: "q", SQL: "q", MaxRows: 1}, nullSink{}); err != nil {
			b.Fatal(err)
		}
	}
}

type nullSink struct{}

func (nullSink) Columns([]Column) error { return nil }
func (nullSink) Row([][]byte) error     { return nil }
