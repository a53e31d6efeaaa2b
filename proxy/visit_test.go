package proxy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
)

// visitor is a proxy at whose door queries wait, and whose shards are a gate.
type visitor struct {
	*Proxy
	shard *admission.Gate
	mu    sync.Mutex
	runs  map[string]int // how often each has begun
	ended map[string]error
}

// end is how a query has ended, if it has.
func (v *visitor) end(name string) (err error, ended bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	err, ended = v.ended[name]
	return err, ended
}

func (v *visitor) begun(name string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.runs[name]
}

func (v *visitor) ends() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.ended)
}

func newVisitor(queries, queued, conns int) *visitor {
	return &visitor{
		Proxy: New(Config{MaxQueries: queries, MaxQueued: queued}), shard: admission.New(conns, 0),
		runs: map[string]int{}, ended: map[string]error{},
	}
}

// visits lets a query go through the door, run for a while and, if it is not
// silent until then, tell its client something at first.
func (v *visitor) visits(ctx context.Context, client string, number int, plan *router.Plan, takes time.Duration, tells bool) {
	name := fmt.Sprint(client, number)
	go func() {
		q := v.visit(name, client)
		defer q.leave()
		_, err := q.run(ctx, plan, nullSink{}, func(ctx context.Context, asker admission.Asker, sink Sink) (Result, error) {
			hold, err := v.shard.Acquire(ctx, asker, 1)
			if err != nil {
				return Result{}, err
			}
			defer hold.Release()
			v.mu.Lock()
			v.runs[name]++
			v.mu.Unlock()
			if tells {
				if err := sink.Columns(nil); err != nil {
					return Result{}, err
				}
			}
			select {
			case <-time.After(takes):
			case <-ctx.Done():
				return Result{}, errors.New("killed")
			}
			return Result{}, sink.Columns(nil)
		})
		v.mu.Lock()
		defer v.mu.Unlock()
		v.ended[name] = err
	}()
	synctest.Wait()
}

var shortPlan, longPlan = &router.Plan{Brief: true}, &router.Plan{}

// TestShortPassLong has a point query run at once, whatever waits at the door.
func TestShortPassLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(8, 20, 4)
		for i := range 20 {
			v.visits(t.Context(), "a", i, longPlan, time.Minute, true)
		}
		v.visits(t.Context(), "b", 1, shortPlan, time.Millisecond, false)
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if err, ended := v.end("b1"); err != nil || !ended {
			t.Errorf("%v", err)
		}
		if s := v.Stats(); s.Running != 6 || s.Waiting != 14 || s.MaxRunning != 8 || s.MaxWaiting != 20 || s.Refused != 0 {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := v.Stats(); v.ends() != 21 || s.Running+s.Waiting != 0 {
			t.Errorf("%d ended, %+v", v.ends(), s)
		}
	})
}

// TestMistakenYield has queries that turn out long begin anew, once, where
// short ones wait; those whose client was told something go on.
func TestMistakenYield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(64, 64, 4)
		v.visits(t.Context(), "a", 0, shortPlan, time.Minute, true)
		for i := range 8 {
			v.visits(t.Context(), "a", 1+i, shortPlan, time.Minute, false)
		}
		for i := range 20 {
			v.visits(t.Context(), "b", i, shortPlan, time.Millisecond, false)
		}
		// Each of the eight takes a turn with the last connection, but no more.
		time.Sleep(9 * admission.Patience)
		synctest.Wait()
		for i := range 20 {
			if err, ended := v.end(fmt.Sprint("b", i)); err != nil || !ended {
				t.Errorf("b%d: %v", i, err)
			}
		}
		if v.Stats().Yielded == 0 {
			t.Error("nothing has yielded")
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		anew := 0
		for i := range 9 {
			name := fmt.Sprint("a", i)
			if err, ended := v.end(name); err != nil || !ended || v.begun(name) > 2 {
				t.Errorf("%s: %v, %d runs", name, err, v.begun(name))
			}
			anew += v.begun(name) - 1
		}
		if int64(anew) != v.Stats().Yielded || v.begun("a0") != 1 {
			t.Errorf("%d begun anew, %+v", anew, v.Stats())
		}
	})
}

// TestTooMany refuses what has no place to wait, and lets go who gives up.
func TestTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(1, 1, 4)
		v.visits(t.Context(), "a", 1, longPlan, time.Minute, true)
		ctx, cancel := context.WithCancelCause(t.Context())
		v.visits(ctx, "a", 2, longPlan, time.Minute, true)
		v.visits(t.Context(), "b", 1, longPlan, time.Minute, true)
		ended, _ := v.end("b1")
		refused := fault.Of(ended)
		if refused.Code != fault.Busy || refused.RetryAfter <= 0 || v.Stats().Refused != 1 {
			t.Errorf("%+v", refused)
		}
		cancel(ErrCancelled)
		synctest.Wait()
		if err, _ := v.end("a2"); err != ErrCancelled || v.Stats().Waiting != 0 {
			t.Errorf("%v, %+v", err, v.Stats())
		}
		v.visits(t.Context(), "b", 2, longPlan, time.Minute, true)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if err, ended := v.end("b2"); err != nil || !ended {
			t.Errorf("%v", err)
		}
	})
}

// TestStuckKeepsItsSlot keeps the slot of a query that has ended until its
// statement has.
func TestStuckKeepsItsSlot(t *testing.T) {
	p := New(Config{MaxQueries: 1, MaxQueued: 1})
	slot, err := p.slots.Acquire(t.Context(), admission.Asker{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	first, second := keep(slot)(), keep(slot)()
	for i, release := range []func(){slot.Release, first, second} {
		if n := p.Stats().Running; n != 1 {
			t.Errorf("%d run after %d releases", n, i)
		}
		release()
	}
	if n := p.Stats().Running; n != 0 {
		t.Errorf("%d run in the end", n)
	}
}
