package proxy

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
)

// How many queries run and wait at a time where Config does not say. A process
// keeps up to about 1 MiB for each that runs. Twice the connections of one shard
// keep two shards busy while some wait for others; more would only wait at the
// shards. Those that wait take a few KiB, and their number is what the running
// ones are through with in seconds where they take a tenth of one.
const (
	DefaultMaxQueries = 64
	DefaultMaxQueued  = 256
)

// errTooMany means that as many queries run and wait as may.
var errTooMany = fault.Sentinel(fault.Busy, "too many queries",
	"as many queries run and wait as -max_queries and -max_queued allow").With(fault.Facts{RetryAfter: 2 * time.Second})

// errYield ends a run that is to begin anew, for the sake of shorter ones.
var errYield = errors.New("query makes room for shorter ones")

// visit is a query on its way through the door. It has one of the slots of
// -max_queries while its plan is run. A run that was presumed to be short and is
// not may be asked to yield: it begins anew, as a long one, if the sink has not
// been told anything.
type visit struct {
	slots *admission.Gate
	count *atomic.Int64 // of runs that yielded
	asker admission.Asker
	slot  *admission.Hold // nil: none yet

	mu      sync.Mutex
	stop    context.CancelCauseFunc // of a run that may be asked to yield; else nil
	yielded bool
}

func (p *Proxy) visit(client string) *visit {
	v := &visit{slots: p.slots, count: &p.yielded}
	v.asker = admission.Asker{Client: client, Yield: v.yield}
	return v
}

// run runs a plan when its turn has come, at most twice.
func (v *visit) run(ctx context.Context, plan *router.Plan, sink Sink, run func(context.Context, admission.Asker, Sink) (Result, error)) (Result, error) {
	v.asker.Long = v.asker.Long || !plan.Brief
	for {
		if err := v.enter(ctx); err != nil {
			return Result{}, err
		}
		result, err := v.once(ctx, sink, run)
		if err != errYield {
			return result, err
		}
		v.count.Add(1)
		v.leave()
		v.asker.Long, v.asker.Yield = true, nil
	}
}

func (v *visit) once(ctx context.Context, sink Sink, run func(context.Context, admission.Asker, Sink) (Result, error)) (Result, error) {
	if v.asker.Yield == nil {
		result, err := run(ctx, v.asker, sink)
		return result, verdict(ctx, err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	v.begin(stop)
	result, err := run(ctx, v.asker, &settling{sink, v})
	return result, verdict(ctx, err)
}

// enter waits for a slot, unless the query has one.
func (v *visit) enter(ctx context.Context) (err error) {
	if v.slot != nil {
		return nil
	}
	v.slot, err = v.slots.Acquire(ctx, v.asker, 1)
	if errors.Is(err, admission.ErrFull) {
		return errTooMany
	}
	return err
}

// leave gives the slot back, if there is one.
func (v *visit) leave() {
	if v.slot != nil {
		v.slot.Release()
		v.slot = nil
	}
}

func (v *visit) begin(stop context.CancelCauseFunc) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stop, v.yielded = stop, false
}

// yield is what gates call.
func (v *visit) yield() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stop == nil {
		return v.yielded
	}
	v.stop(errYield)
	v.stop, v.yielded = nil, true
	return true
}

// settle ends the time in which the query may be asked to yield, unless it has
// been.
func (v *visit) settle() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stop = nil
	return !v.yielded
}

// settling is a sink that takes nothing of a run that yields.
type settling struct {
	Sink
	visit *visit
}

func (s *settling) Columns(columns []Column) error {
	if !s.visit.settle() {
		return errYield
	}
	return s.Sink.Columns(columns)
}
