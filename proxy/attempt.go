package proxy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// attempt ships and answers once. If that fails nothing of it is left when
// attempt returns. Otherwise no statement runs any more, and the sessions are
// cleaned up while the client already has its answer.
func (g *gather) attempt(ctx context.Context, maxRows int, sink Sink) (result Result, err error) {
	a := newAttempt(g)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	result, err = a.run(ctx, maxRows, sink)
	if err != nil {
		stop(err) // kills what still runs
		a.close(ctx, false)
		return result, err
	}
	release := g.release
	g.release = nil
	g.proxy.cleaning.Go(func() {
		defer release()
		a.close(context.Background(), true)
	})
	return result, nil
}

func (a *attempt) run(ctx context.Context, maxRows int, sink Sink) (Result, error) {
	if err := a.open(ctx); err != nil {
		return Result{}, stale(err)
	}
	if err := a.ship(ctx); err != nil {
		return Result{}, stale(err)
	}
	a.closing.Go(a.closeSources) // while home computes
	return a.answer(ctx, maxRows, sink)
}

// attempt is the sessions and tables of one run of a gather's statements.
type attempt struct {
	*gather
	home     *session
	sources  map[string]*session // by shard
	tables   []*table            // in the order in which the plan names them
	ships    []*shipment         // all steps but the last
	meter    *meter
	snapshot bool         // the home session reads one snapshot, for the sake of filters
	buffered atomic.Int64 // bytes that wait until their tables are made
	heap     int64        // bytes of the home server's memory for tables
	heapMu   sync.Mutex
	closing  sync.WaitGroup
}

func newAttempt(g *gather) *attempt {
	last := len(g.plan.Steps) - 1
	a := &attempt{
		gather: g, home: newSession(g.shards[g.plan.Home], g.tag), sources: map[string]*session{},
		meter: &meter{limits: g.proxy.limits},
	}
	g.stats = make([]StepStats, len(g.plan.Steps))
	for i := range g.plan.Steps[:last] {
		step := &g.plan.Steps[i]
		if a.sources[step.Shard] == nil {
			a.sources[step.Shard] = newSession(g.shards[step.Shard], g.tag)
		}
		a.snapshot = a.snapshot || step.Ship.Filter != nil
	}
	for i := range g.plan.Steps[:last] {
		a.ships = append(a.ships, a.newShipment(i))
	}
	a.schedule()
	return a
}

// open opens the source sessions and learns the columns of all tables.
func (a *attempt) open(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for name := range a.sources {
		group.Go(func() error { return a.openSource(ctx, name) })
	}
	return group.Wait()
}

// ship opens the home session and fills all tables.
func (a *attempt) ship(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.beginHome(ctx) })
	for _, s := range a.ships {
		group.Go(func() error { return s.run(ctx) })
	}
	return group.Wait()
}

// answer runs the client's statement at home.
func (a *attempt) answer(ctx context.Context, maxRows int, sink Sink) (Result, error) {
	start := time.Now()
	if err := a.readOnly(ctx); err != nil {
		return Result{}, stale(err)
	}
	last := &a.plan.Steps[len(a.plan.Steps)-1]
	rows, err := a.home.query(ctx, last.SQL)
	if err != nil {
		return Result{}, stale(err)
	}
	defer rows.Close()
	arms := []*arm{{shard: a.home.shard, rows: rows}}
	columns, err := columnsOf(arms, a.plan.Columns)
	if err != nil {
		return Result{}, err
	}
	if err := sink.Columns(columns); err != nil {
		return Result{}, err
	}
	result, err := emit(arms, maxRows, sink)
	a.stats[len(a.stats)-1] = StepStats{Rows: result.Rows, Elapsed: time.Since(start)}
	result.Steps = a.stats
	return result, err
}

// close gives all connections back, or gives them up.
func (a *attempt) close(ctx context.Context, well bool) {
	a.closing.Wait()
	for _, s := range a.sources {
		a.closing.Go(func() { a.finish(ctx, s, well) })
	}
	a.finish(ctx, a.home, well)
	a.closing.Wait()
	a.proxy.heaps.give(a.home.shard.Name(), a.heap)
}

// closeSources gives back the source sessions, when they have done all.
func (a *attempt) closeSources() {
	var wait sync.WaitGroup
	for _, s := range a.sources {
		wait.Go(func() { a.finish(context.Background(), s, true) })
	}
	wait.Wait()
}

// finish closes a session. That it could not be restored is no failure of the
// query, but its connection is lost: that is logged.
func (a *attempt) finish(ctx context.Context, s *session, well bool) {
	if err := s.close(ctx, well); err != nil {
		a.proxy.log.Warn("gather not cleaned up on shard", "shard", s.shard.Name(), "err", err)
	}
}
