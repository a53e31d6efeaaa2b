package gather

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// attempt is the sessions and tables of one run of a query's statements.
type attempt struct {
	*gather
	progress progress
	home     *session
	sources  map[string]*session // by shard
	tables   []*table            // in the order in which the plan names them
	ships    []*shipment         // all steps but the last
	snapshot bool                // the home session reads one state, for the sake of filters
	stats    []StepStats
	meter    meter
	buffered atomic.Int64 // bytes that wait until their tables are made
	heap     atomic.Int64 // bytes of the home server's memory for tables
	closing  sync.WaitGroup
}

func newAttempt(g *gather) *attempt {
	a := &attempt{
		gather: g, home: newSession(g.shards[g.Plan.Home], g.Tag), sources: map[string]*session{},
		stats: make([]StepStats, len(g.Plan.Steps)), meter: meter{limits: g.limits},
	}
	steps := shipped(g.Plan)
	for i := range steps {
		if name := steps[i].Shard; a.sources[name] == nil {
			a.sources[name] = newSession(g.shards[name], g.Tag)
		}
		a.snapshot = a.snapshot || steps[i].Ship.Filter != nil
	}
	for i := range steps {
		a.ships = append(a.ships, a.newShipment(i))
	}
	a.schedule()
	return a
}

// run ships and answers.
func (a *attempt) run(ctx context.Context, answer func(*shard.Rows) (int64, error)) error {
	if err := a.open(ctx); err != nil {
		return err
	}
	if err := a.ship(ctx); err != nil {
		return err
	}
	a.keepNothing()
	a.closeSources(true) // while home computes
	if err := a.copy(ctx); err != nil {
		return err
	}
	return a.answer(ctx, answer)
}

// open opens the source sessions, learns the columns of all tables, and makes
// those that are broadcast.
func (a *attempt) open(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range a.sources {
		group.Go(func() error { return a.openSource(ctx, s) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, t := range a.tables {
		if err := t.settle(); err != nil {
			return err
		}
	}
	return nil
}

// ship opens the home session and fills all tables.
func (a *attempt) ship(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.openHome(ctx) })
	for _, s := range a.ships {
		group.Go(func() error { return s.run(ctx) })
	}
	return group.Wait()
}

// forget drops the remembered shapes of all steps: where one has changed, others
// may have with it, and each attempt would find but one of them.
func (a *attempt) forget() {
	for _, s := range a.ships {
		if s.shape != nil {
			a.shapes.drop(s.shape.key)
		}
	}
}

// answer runs the last step, the client's statement, at home.
func (a *attempt) answer(ctx context.Context, answer func(*shard.Rows) (int64, error)) error {
	start := time.Now()
	if err := a.readOnly(ctx); err != nil {
		return err
	}
	last := len(a.stats) - 1
	rows, err := a.home.query(ctx, a.Plan.Steps[last].SQL)
	if err != nil {
		return a.reopened(err)
	}
	defer rows.Close()
	taken, err := answer(rows)
	a.stats[last] = StepStats{Rows: taken, Elapsed: time.Since(start)}
	return err
}

// reopened turns the error of a server that reads a temporary table only once in
// a statement into one that says so.
func (a *attempt) reopened(err error) error {
	if server.Number(err) != server.CannotReopen {
		return err
	}
	return fault.New(fault.Unsupported, "the query names a WITH more than once that reads rows of other shards, which shard %s (%s)"+
		" cannot do: it reads a temporary table only once in a statement; a derived table in the place of each of the names would do", a.home.shard.Name(), a.info)
}

// close gives all connections back, or where all did not go well gives them
// up.
func (a *attempt) close(well bool) {
	a.keepNothing()
	a.closing.Wait()
	a.closeSources(well)
	a.finish(a.home, well)
	a.closing.Wait()
	a.heaps.give(a.home.shard.Name(), a.heap.Load())
}

// closeSources begins to close the source sessions that are still open.
func (a *attempt) closeSources(well bool) {
	for _, s := range a.sources {
		a.closing.Go(func() { a.finish(s, well) })
	}
}

// finish closes a session. That it could not be restored is no failure of the
// query, but its connection is lost: that is logged.
func (a *attempt) finish(s *session, well bool) {
	if err := s.close(well); err != nil {
		a.log.Warn("gather not cleaned up on shard", "shard", s.shard.Name(), "err", err)
	}
}
