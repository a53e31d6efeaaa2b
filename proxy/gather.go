package proxy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// maxAttempts bounds how often a gather begins anew when a table turns out to
// need another form than it was given.
const maxAttempts = 4

// gather is one run of a plan that ships rows.
type gather struct {
	proxy   *Proxy
	tag     string
	plan    *router.Plan
	shards  map[string]*shard.Shard
	dialect dialect
	clock   string          // the time that all statements are told; empty: the servers' own
	hints   map[string]hint // by table
	stats   []StepStats     // of the attempt that runs
}

// again means that the gather has to begin anew, knowing more.
type again struct {
	table string
	hint  hint
	err   error // what happened
}

func (e *again) Error() string { return e.err.Error() }
func (e *again) Unwrap() error { return e.err }

// runGather runs a plan that ships rows to the home shard, and gives the home
// shard's answer to the sink.
func (p *Proxy) runGather(ctx context.Context, tag string, plan *router.Plan, maxRows int, sink Sink) (Result, error) {
	g, err := p.newGather(ctx, tag, plan)
	if err != nil {
		return Result{}, err
	}
	release, err := g.reserve(ctx)
	if err != nil {
		return Result{}, err
	}
	defer release()
	for attempt := 1; ; attempt++ {
		result, err := g.attempt(ctx, maxRows, sink)
		var next *again
		if !errors.As(err, &next) {
			return result, err
		}
		if attempt == maxAttempts {
			return Result{}, next.err
		}
		p.log.Debug("gather begins anew", "table", next.table, "err", next.err)
		g.learn(next)
	}
}

// newGather checks that the plan can be run: that its shards are known and
// alike, and that it does not move far too much by its own estimates.
func (p *Proxy) newGather(ctx context.Context, tag string, plan *router.Plan) (*gather, error) {
	g := &gather{proxy: p, tag: tag, plan: plan, shards: map[string]*shard.Shard{}, hints: map[string]hint{}}
	if err := g.check(); err != nil {
		return nil, err
	}
	if err := p.limits.estimate(plan); err != nil {
		return nil, err
	}
	if plan.Clock {
		g.clock = clockOf(time.Now())
	}
	return g, g.find(ctx)
}

var errPlan = errors.New("malformed plan")

// check finds the plans that no router should make.
func (g *gather) check() error {
	last := len(g.plan.Steps) - 1
	if last < 0 || g.plan.Steps[last].Ship != nil || g.plan.Steps[last].Shard != g.plan.Home {
		return fmt.Errorf("%w: the last step is not the home shard's", errPlan)
	}
	for i := range g.plan.Steps[:last] {
		if s := g.plan.Steps[i].Ship; s == nil || s.Into == "" {
			return fmt.Errorf("%w: step %d ships nothing", errPlan, i+1)
		}
	}
	return nil
}

// find looks up the shards, and refuses those that do not go together.
func (g *gather) find(ctx context.Context) error {
	var first string
	for i := range g.plan.Steps {
		name := g.plan.Steps[i].Shard
		if g.shards[name] != nil {
			continue
		}
		sh, err := g.proxy.shards.Shard(name)
		if err != nil {
			return unknownShard(name, err)
		}
		server, err := sh.Server(ctx)
		if err != nil {
			return &ShardError{Shard: name, Err: err}
		}
		if err := gathers(name, server); err != nil {
			return err
		}
		if first == "" {
			first, g.dialect = name, dialect{server}
		}
		if err := alike(first, g.dialect.server, name, server); err != nil {
			return err
		}
		g.shards[name] = sh
	}
	return nil
}

// reserve takes all connections of the plan: one a shard that ships, and one
// more on the home shard.
func (g *gather) reserve(ctx context.Context) (release func(), err error) {
	needs := map[string]int{g.plan.Home: 1}
	seen := map[string]bool{}
	for i := range g.plan.Steps[:len(g.plan.Steps)-1] {
		if name := g.plan.Steps[i].Shard; !seen[name] {
			seen[name] = true
			needs[name]++
		}
	}
	var arms []*arm
	for name, n := range needs {
		for range n {
			arms = append(arms, &arm{shard: g.shards[name]})
		}
	}
	return reserve(ctx, arms)
}

// learn notes what an attempt has found out.
func (g *gather) learn(next *again) {
	h := g.hints[next.table]
	h.heapless = h.heapless || next.hint.heapless
	h.spacious = h.spacious || next.hint.spacious
	for name := range next.hint.unkeyed {
		if h.unkeyed == nil {
			h.unkeyed = map[string]bool{}
		}
		h.unkeyed[name] = true
	}
	g.hints[next.table] = h
}

// attempt ships and answers once. No session outlives it with anything of
// the query's in it.
func (g *gather) attempt(ctx context.Context, maxRows int, sink Sink) (result Result, err error) {
	a := newAttempt(g)
	ctx, stop := context.WithCancelCause(ctx)
	well := false
	defer func() {
		if !well {
			stop(err) // kills what still runs
		}
		a.close(ctx, well)
		stop(nil)
	}()
	if err := a.open(ctx); err != nil {
		return Result{}, stale(err)
	}
	if err := a.ship(ctx); err != nil {
		return Result{}, stale(err)
	}
	a.closing.Go(a.closeSources) // while home computes
	result, err = a.answer(ctx, maxRows, sink)
	well = err == nil
	return result, err
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

// open opens all sessions and learns the columns of all tables.
func (a *attempt) open(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.openHome(ctx) })
	for name := range a.sources {
		group.Go(func() error { return a.openSource(ctx, name) })
	}
	return group.Wait()
}

// ship fills all tables.
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
