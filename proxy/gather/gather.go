package gather

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// Config is what a Gatherer needs.
type Config struct {
	// Shard finds a shard by its name.
	Shard  func(name string) (*shard.Shard, error)
	Logger *slog.Logger // nil: nothing is logged
	// MaxRows and MaxBytes bound what one query moves between shards; 0
	// stands for DefaultRows and DefaultBytes.
	MaxRows  int64
	MaxBytes int64
}

// Gatherer runs plans that gather. It is safe for concurrent use.
type Gatherer struct {
	shard  func(name string) (*shard.Shard, error)
	log    *slog.Logger
	limits limits
	shapes shapes
	heaps  heaps

	allBuffered atomic.Int64 // bytes that wait in all gathers until their tables are made

	cleaning sync.WaitGroup // of sessions that have answered
}

// New returns a Gatherer.
func New(cfg Config) *Gatherer {
	return &Gatherer{
		shard: cfg.Shard, log: cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)),
		limits: limits{rows: cmp.Or(cfg.MaxRows, DefaultRows), bytes: cmp.Or(cfg.MaxBytes, DefaultBytes)},
	}
}

// Close waits until the sessions of queries that have been answered are cleaned
// up. No query may run then, and none after it.
func (g *Gatherer) Close() { g.cleaning.Wait() }

// Query is a plan to be run.
type Query struct {
	Plan  *router.Plan
	Asker admission.Asker // for whom the shards' connections are reserved
	Tag   string          // begins each statement
	Clock string          // the time that all statements are told, as the variable timestamp has it; empty: the servers' own
}

// StepStats are the numbers of one step. Of the last one, whose rows are the
// answer, no bytes are counted.
type StepStats struct {
	Rows    int64
	Bytes   int64 // of the values, as text
	Elapsed time.Duration
	// Warnings are what the shard said of the statement that read the step's
	// rows. Those of the last step are up to whoever takes its rows.
	Warnings []shard.Warning
}

// Run moves the rows of all steps of the plan but the last to the home shard,
// runs the last step there, and calls answer with its rows. answer returns how
// many it has taken; it may take fewer than all. It is called at most once, when
// nothing can fail any more but its own statement and itself, and an error of
// its own ends the query and is returned. Run returns the numbers of the steps,
// in their order.
//
// When Run returns, nothing of the query runs on any shard. Errors are
// *TooLargeError, *catalog.StaleError, faults with the code Unsupported, and
// those of Config.Shard and of shards; when ctx ends, they wrap its cause.
func (g *Gatherer) Run(ctx context.Context, q Query, answer func(*shard.Rows) (int64, error)) ([]StepStats, error) {
	one, err := g.newGather(ctx, q)
	if err != nil {
		return nil, err
	}
	release, err := shard.Reserve(ctx, q.Asker, one.needs())
	if err != nil {
		return nil, err
	}
	left := false // to be cleaned up
	defer func() {
		if !left {
			release()
		}
	}()
	for n := 1; ; n++ {
		a := newAttempt(one)
		err := a.run(ctx, answer)
		if err == nil {
			left = true
			g.cleaning.Go(func() {
				defer release()
				a.close(true)
			})
			return a.stats, nil
		}
		a.close(false)
		next, anew := errors.AsType[*again](err)
		if !anew {
			return nil, err
		}
		if n == maxAttempts {
			return nil, next.err
		}
		g.log.Debug("gather begins anew", "table", next.table, "err", next.err)
		if fault.CodeOf(next.err) == fault.StaleTable {
			a.forget()
		}
		one.learn(next)
	}
}

// maxAttempts bounds how often a gather begins anew when a table turns out to
// need another form than it was given.
const maxAttempts = 4

// again means that the gather has to begin anew, knowing more.
type again struct {
	table string
	hint  hint
	err   error // what happened
}

func (e *again) Error() string { return e.err.Error() }
func (e *again) Unwrap() error { return e.err }

// gather is one query, with all of its attempts.
type gather struct {
	*Gatherer
	Query
	shards map[string]*shard.Shard
	info   server.Info     // of all of them
	hints  map[string]hint // by table
}

// newGather checks that the plan can be run: that its shards are known and
// alike, and that it does not move far too much by its own estimates.
func (g *Gatherer) newGather(ctx context.Context, q Query) (*gather, error) {
	if err := check(q.Plan); err != nil {
		return nil, err
	}
	if err := g.limits.estimate(q.Plan); err != nil {
		return nil, err
	}
	one := &gather{Gatherer: g, Query: q, shards: map[string]*shard.Shard{}, hints: map[string]hint{}}
	return one, one.find(ctx)
}

// find looks up the shards, and refuses those that do not go together.
func (g *gather) find(ctx context.Context) error {
	var first string
	for i := range g.Plan.Steps {
		name := g.Plan.Steps[i].Shard
		if g.shards[name] != nil {
			continue
		}
		sh, err := g.shard(name)
		if err != nil {
			return err
		}
		info, err := sh.Server(ctx)
		if err != nil {
			return &shard.Error{Shard: name, Err: err}
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

// needs returns the connections of the plan: one for each shard that ships, and
// one more on the home shard.
func (g *gather) needs() map[*shard.Shard]int {
	needs := map[*shard.Shard]int{}
	for _, step := range shipped(g.Plan) {
		needs[g.shards[step.Shard]] = 1
	}
	needs[g.shards[g.Plan.Home]]++
	return needs
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
