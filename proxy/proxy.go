package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// Shards finds shards. *shard.Set is one.
type Shards interface {
	// Shard returns the shard of that name, else shard.ErrUnknown.
	Shard(name string) (*shard.Shard, error)
	All() []*shard.Shard
}

// Config is what a Proxy needs.
type Config struct {
	Catalog Catalog
	Router  Router
	Shards  Shards
	Logger  *slog.Logger // nil: nothing is logged
	// GatherMaxRows and GatherMaxBytes bound what one gather moves between
	// shards; 0 stands for DefaultGatherRows and DefaultGatherBytes.
	GatherMaxRows  int64
	GatherMaxBytes int64
}

// Proxy answers queries. It is safe for concurrent use.
type Proxy struct {
	catalog Catalog
	router  Router
	shards  Shards
	log     *slog.Logger
	queries registry
	limits  limits
	shapes  shapes
	heaps   heaps

	cleaning sync.WaitGroup // of sessions that have answered
}

// New returns a Proxy.
func New(cfg Config) *Proxy {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Proxy{catalog: cfg.Catalog, router: cfg.Router, shards: cfg.Shards, log: cfg.Logger, limits: limits{
		rows:  cmp.Or(cfg.GatherMaxRows, DefaultGatherRows),
		bytes: cmp.Or(cfg.GatherMaxBytes, DefaultGatherBytes),
	}}
}

// Close waits until the sessions of queries that have been answered are cleaned
// up. No query may run then, and none after it.
func (p *Proxy) Close() { p.cleaning.Wait() }

// Column is one column of an answer.
type Column struct {
	Name string
	Type catalog.Type
}

// Result sums up an answer.
type Result struct {
	Rows      int64
	Truncated bool // there were more rows than maxRows
	// Plan is the one that answered. After an error it may be nil.
	Plan *router.Plan
	// Steps are the numbers of a gather's steps, in the plan's order; nil for
	// the other kinds.
	Steps []StepStats
}

// run runs the plan. A plan that is to be explained and runs on several
// shards is itself the answer. A *StaleError and an *UnsupportedError come
// before the sink has been told anything.
func (p *Proxy) run(ctx context.Context, tag string, plan *router.Plan, maxRows int, sink Sink) (Result, error) {
	if plan.Explain && plan.Kind != router.Single {
		return explain(plan, maxRows, sink)
	}
	if plan.Kind == router.Gather {
		return p.runGather(ctx, tag, plan, maxRows, sink)
	}
	if plan.Kind != router.Single && plan.Kind != router.Concat || len(plan.Steps) == 0 {
		return Result{}, &UnsupportedError{Detail: fmt.Sprintf("plans of kind %s with %d steps are not known", plan.Kind, len(plan.Steps))}
	}
	arms, err := p.find(tag, plan)
	if err != nil {
		return Result{}, err
	}
	if plan.Clock {
		setClock(arms, time.Now())
	}
	release, err := reserve(ctx, arms)
	if err != nil {
		return Result{}, err
	}
	defer release()
	steps, stop := fork(ctx, arms)
	defer stop(nil) // after close, which knows better what is left to stop
	defer p.close(arms)
	if err := open(steps, stop, arms); err != nil {
		return Result{}, stale(err)
	}
	columns, err := columnsOf(arms, plan.Columns)
	if err != nil {
		return Result{}, err
	}
	if err := sink.Columns(columns); err != nil {
		return Result{}, err
	}
	return emit(arms, maxRows, sink)
}

// emit hands the arms' rows to the sink, one arm after the other.
func emit(arms []*arm, maxRows int, sink Sink) (result Result, err error) {
	for _, a := range arms {
		for a.rows.Next() {
			if maxRows > 0 && result.Rows == int64(maxRows) {
				result.Truncated = true
				return result, nil
			}
			if err := sink.Row(a.rows.Values()); err != nil {
				return result, err
			}
			result.Rows++
		}
		if err := a.rows.Err(); err != nil {
			return result, a.wrap(err)
		}
	}
	return result, nil
}

// Cancel stops the query of that id, whichever process runs it: it asks the
// shards if this one does not. It reports whether there was such a query, and
// an error only if there was none to be found and a shard could not be asked.
func (p *Proxy) Cancel(ctx context.Context, id string) (bool, error) {
	if !validID(id) {
		return false, nil
	}
	if p.queries.cancel(id) {
		return true, nil
	}
	shards := p.shards.All()
	killed := make([]int, len(shards))
	errs := make([]error, len(shards))
	var asked sync.WaitGroup
	for i, sh := range shards {
		asked.Go(func() { killed[i], errs[i] = sh.KillTagged(ctx, Tag(id)) })
	}
	asked.Wait()
	if slices.Max(append(killed, 0)) > 0 {
		return true, nil
	}
	return false, errors.Join(errs...)
}

// Tag returns the comment with which every statement of a query begins.
func Tag(id string) string { return "/* databalancer query_id=" + id + " */" }

func validID(id string) bool {
	for _, c := range []byte(id) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return id != "" && len(id) <= 64
}
