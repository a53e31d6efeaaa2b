package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// queue is a gate with what was admitted, in order.
type queue struct {
	*Gate
	t    *testing.T
	mu   sync.Mutex
	went []string
	errs map[string]error
	hold map[string]*Hold
}

func newQueue(t *testing.T, size, most int) *queue {
	return &queue{Gate: New(size, most), t: t, hold: map[string]*Hold{}, errs: map[string]error{}}
}

// ask lets a query of a client ask, and returns when it holds its units or waits.
func (q *queue) ask(ctx context.Context, name string, n int, asker Asker) {
	go func() {
		h, err := q.Acquire(ctx, asker, n)
		q.mu.Lock()
		defer q.mu.Unlock()
		if err != nil {
			q.errs[name] = err
			return
		}
		q.went = append(q.went, name)
		q.hold[name] = h
	}()
	synctest.Wait()
}

func (q *queue) asks(kind, client string, numbers ...int) {
	for _, i := range numbers {
		q.ask(q.t.Context(), fmt.Sprint(client, i), 1, Asker{Client: client, Long: kind == "long"})
	}
}

func (q *queue) release(names ...string) {
	for _, name := range names {
		q.hold[name].Release()
		synctest.Wait()
	}
}

// expect checks who has been admitted since the last time.
func (q *queue) expect(want ...string) {
	q.t.Helper()
	slices.Sort(q.went) // those of one moment come in any order
	slices.Sort(want)
	if !slices.Equal(q.went, want) {
		q.t.Errorf("admitted %v, want %v", q.went, want)
	}
	q.went = nil
}

func TestClientsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 3, 0)
		q.asks("short", "a", 1, 2, 3, 4, 5, 6)
		q.asks("short", "b", 1, 2)
		q.asks("short", "c", 1)
		q.expect("a1", "a2", "a3") // alone, it has everything
		q.release("a1", "a2", "a3")
		q.expect("a4", "b1", "c1")
		q.release("a4", "b1", "c1")
		q.expect("a5", "b2", "a6")
		q.release("a5", "b2", "a6")
		if s := q.Stats(); s.Holds != 0 || s.Waiting != 0 || s.Waits != 6 {
			t.Errorf("%+v", s)
		}
	})
}

func TestShortDoNotWaitForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, 0)
		q.asks("long", "a", 1, 2, 3, 4, 5, 6, 7, 8, 9)
		q.expect("a1", "a2", "a3", "a4", "a5", "a6")
		q.asks("short", "b", 1, 2, 3)
		q.expect("b1", "b2")
		q.release("b1")
		q.expect("b3")
		q.asks("long", "c", 1)
		q.release("b2", "b3")
		q.expect() // the share of the long is used up
		q.release("a1", "a2")
		q.expect("a7", "c1")
	})
}

// TestLanesTakeTurns has units that both kinds wait for go to both.
func TestLanesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 4, 0)
		q.asks("short", "a", 1, 2, 3, 4, 5, 6, 7)
		q.asks("long", "b", 1, 2, 3)
		q.expect("a1", "a2", "a3", "a4")
		q.release("a1", "a2", "a3", "a4")
		q.expect("a5", "b1", "a6", "b2")
		q.release("a5", "a6")
		q.expect("a7", "b3")
	})
}

// TestMuchIsNotPassedBy lets one who needs all units have them.
func TestMuchIsNotPassedBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, 0)
		q.asks("long", "a", 1)
		q.asks("short", "a", 2, 3)
		q.ask(t.Context(), "all", 8, Asker{Client: "b"})
		q.asks("short", "c", 1)
		q.expect("a1", "a2", "a3", "c1")
		q.release("a1")
		q.asks("short", "c", 2)
		q.asks("long", "c", 3)
		q.expect() // the turn is b's now
		q.release("a2", "a3", "c1")
		q.expect("all")
		q.release("all")
		q.expect("c2", "c3")
	})
}

func TestWhoGivesUpLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 2, 0)
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		q.asks("short", "a", 1)
		q.ask(ctx, "b1", 2, Asker{Client: "b"})
		q.asks("short", "c", 1)
		q.expect("a1")
		cancel(gone)
		synctest.Wait()
		q.expect("c1") // it needs less than b
		if s := q.Stats(); q.errs["b1"] != gone || s.Waiting != 0 {
			t.Errorf("%v, %+v", q.errs["b1"], s)
		}
	})
}

// TestFullQueue gives the places to wait to those who have fewest.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 1, 3)
		q.asks("short", "a", 1, 2, 3, 4, 5)
		q.expect("a1")
		if q.errs["a5"] != ErrFull || q.Stats().Waiting != 3 {
			t.Fatalf("%v", q.errs)
		}
		q.asks("short", "b", 1) // a4 makes place
		q.asks("short", "c", 1) // a3 does
		q.asks("short", "d", 1)
		for name, full := range map[string]bool{"a4": true, "a3": true, "a2": false, "b1": false, "c1": false, "d1": true} {
			if (q.errs[name] == ErrFull) != full {
				t.Errorf("%s: %v", name, q.errs[name])
			}
		}
		q.release("a1")
		q.release("a2")
		q.release("b1")
		q.expect("a2", "b1", "c1")
		if s := q.Stats(); s.Refused != 4 {
			t.Errorf("%+v", s)
		}
	})
}

// TestWrongPresumption has short queries that turn out long make room for those
// that are short.
func TestWrongPresumption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, 0)
		yielded, mu := map[string]bool{}, sync.Mutex{} // which a gate's timer calls
		seen := func() map[string]bool {
			mu.Lock()
			defer mu.Unlock()
			return maps.Clone(yielded)
		}
		for i := range 12 {
			name := fmt.Sprint("a", i)
			q.ask(t.Context(), name, 1, Asker{Client: "a", Yield: func() bool {
				mu.Lock()
				defer mu.Unlock()
				yielded[name] = true
				return name != "a0" // its client has been told something
			}})
		}
		time.Sleep(Patience / 2)
		q.asks("short", "b", 1)
		if len(seen()) != 0 || q.hold["b1"] != nil {
			t.Fatalf("too soon: %v", seen())
		}
		time.Sleep(Patience / 2)
		synctest.Wait()
		if y := seen(); !y["a0"] || !y["a1"] || !y["a2"] || len(y) != 3 {
			t.Fatalf("more or fewer than the reserve yielded: %v", y)
		}
		if s := q.Stats(); s.Yields != 2 {
			t.Errorf("%+v", s)
		}
		q.asks("long", "c", 1)
		q.went = nil
		q.release("a1", "a2")
		q.expect("a8", "b1")
		if q.hold["c1"] != nil {
			t.Error("a long one has a unit of the short")
		}
	})
}

// TestAloneNobodyYields leaves queries alone that nobody waits for.
func TestAloneNobodyYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, 0)
		for i := range 8 {
			q.ask(t.Context(), fmt.Sprint("a", i), 1, Asker{Client: "a", Yield: func() bool { t.Error("asked to yield"); return true }})
		}
		time.Sleep(10 * Patience)
		q.asks("long", "b", 1)
		time.Sleep(10 * Patience)
		q.release("a0")
		q.expect("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7")
		q.release("a1", "a2")
		q.expect("b1") // when it has its share
	})
}

func TestResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 2, 0)
		q.asks("long", "a", 1, 2, 3)
		q.ask(t.Context(), "b", 2, Asker{Client: "b"})
		q.Resize(1)
		synctest.Wait()
		if q.errs["b"] != ErrTooFew {
			t.Fatalf("%v", q.errs)
		}
		if _, err := q.Acquire(t.Context(), Asker{}, 2); err != ErrTooFew {
			t.Fatal(err)
		}
		q.release("a1")
		q.expect("a1", "a2")
		q.Resize(5)
		synctest.Wait()
		q.asks("long", "a", 4, 5, 6)
		q.expect("a3", "a4", "a5")
	})
}

// TestEverybodyHasATurn lets many clients ask for anything, give up, be wrong
// and yield, over two gates in order, and all of them come through.
func TestEverybodyHasATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gates := []*Gate{New(11, 0), New(7, 0), New(5, 0)}
		const queries = 2000
		var wait sync.WaitGroup
		for i := range queries {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			wait.Go(func() {
				time.Sleep(time.Duration(random.IntN(60_000)) * time.Millisecond)
				pass(t, gates, random)
			})
		}
		wait.Wait()
		for _, g := range gates {
			if g.held != [2]int{} || g.going != 0 || g.young.Len()+g.late.Len() != 0 || len(g.lanes[short].lines)+len(g.lanes[long].lines) != 0 {
				t.Errorf("something is left: %+v", g)
			}
		}
	})
}

// pass is one query on its way through all gates, and once more if it is asked to
// yield.
func pass(t *testing.T, gates []*Gate, random *rand.Rand) {
	duration := time.Duration(random.IntN(500)) * time.Millisecond
	asker := Asker{Client: fmt.Sprint(random.IntN(5)), Long: random.IntN(2) == 0}
	if asker.Long || random.IntN(10) == 0 {
		duration *= 20
	}
	ctx, cancel := context.WithCancel(t.Context())
	asker.Yield = func() bool { cancel(); return true }
	if !through(ctx, gates, asker, random, duration) {
		again := Asker{Client: asker.Client, Long: true}
		if !through(t.Context(), gates, again, random, duration) {
			t.Error("the second time, it is asked once more")
		}
	}
}

// through reports whether the query came to its end.
func through(ctx context.Context, gates []*Gate, asker Asker, random *rand.Rand, duration time.Duration) bool {
	for _, g := range gates {
		h, err := g.Acquire(ctx, asker, 1+random.IntN(3)/2*random.IntN(g.size))
		if err != nil {
			return false
		}
		defer h.Release()
		g.mu.Lock()
		held := g.held[short] + g.held[long]
		g.mu.Unlock()
		if held > g.size {
			panic("more is held than there is")
		}
	}
	select {
	case <-time.After(duration):
		return true
	case <-ctx.Done():
		return false
	}
}
