package proxy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
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
	info    server.Info
	clock   string          // the time that all statements are told; empty: the servers' own
	hints   map[string]hint // by table
	stats   []StepStats     // of the attempt that runs
	release func()          // gives back the reserved connections; nil: somebody else does
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
	if g.release, err = g.reserve(ctx); err != nil {
		return Result{}, err
	}
	defer func() {
		if g.release != nil {
			g.release()
		}
	}()
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
		info, err := sh.Server(ctx)
		if err != nil {
			return &ShardError{Shard: name, Err: err}
		}
		if err := gathers(name, info); err != nil {
			return err
		}
		if first == "" {
			first, g.info = name, info
		}
		if err := alike(first, g.info, name, info); err != nil {
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
