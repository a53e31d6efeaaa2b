package proxy

import (
	"context"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// Catalog is what a Proxy needs of *store.Store.
type Catalog interface {
	Snapshot() *catalog.Snapshot
	// Refresh returns a snapshot at least as new as the moment of the call.
	Refresh(ctx context.Context) (*catalog.Snapshot, error)
}

// Router plans queries; *router.Router does.
type Router interface {
	Plan(snap *catalog.Snapshot, q router.Query) (*router.Plan, error)
}

// Query is what a front asks for a client.
type Query struct {
	// ID names the query for Cancel. It must be unique and consist of at most
	// 64 ASCII letters, digits, '-' and '_'. Explain needs none.
	ID string
	// Client is whose query it is: where not all can run, clients take turns.
	Client  string
	SQL     string
	Args    []any // of the placeholders in SQL, as router.Query has them
	MaxRows int   // the most rows of the answer; 0: all
	Notes   bool  // the plan is to say what would make it faster
}

func (q *Query) routed() router.Query {
	return router.Query{SQL: q.SQL, Args: q.Args, MaxRows: q.MaxRows, Notes: q.Notes}
}

// Sink takes an answer. Both methods are called by one goroutine at a time. An
// error from either ends the query, and Query returns it.
//
// Whatever is tried again has been tried before the first call: a sink is told
// one answer, from its beginning, or a part of one, when the query fails on
// the way. So a front that has sent nothing of it yet may start over, and
// answer with the error alone.
type Sink interface {
	// Columns is called once, before the first row, and also where no row
	// follows.
	Columns(columns []Column) error
	// Row takes the values of one row in MySQL's own text form, nil for NULL.
	// They are valid during the call.
	Row(values [][]byte) error
}

// Query plans the query, runs the plan and gives the answer to the sink, at
// most MaxRows rows. Where as many queries run as may, it waits for its turn;
// where as many wait as may, the code of the error is fault.Busy. A plan that is to be explained and runs on several shards
// is itself the answer, a row a step.
//
// When ctx ends first, Query returns context.Cause(ctx); after Cancel it
// returns ErrCancelled. Where the query's own text is the reason for a server's
// error it is a *QueryError. Other errors are the router's refusals, those of
// shards and of the catalog, and the sink's own.
func (p *Proxy) Query(ctx context.Context, q Query, sink Sink) (Result, error) {
	if !validID(q.ID) {
		return Result{}, fmt.Errorf("query id %q: malformed", q.ID)
	}
	ctx, done, err := p.queries.add(ctx, q.ID)
	if err != nil {
		return Result{}, err
	}
	defer done()
	tag := Tag(q.ID)
	v := p.visit(q.Client)
	defer v.leave()
	result, err := p.answer(ctx, q.routed(), func(plan *router.Plan) (Result, error) {
		return v.run(ctx, plan, sink, func(ctx context.Context, asker admission.Asker, sink Sink) (Result, error) {
			return p.run(ctx, asker, tag, plan, q.MaxRows, sink)
		})
	})
	if err != nil && context.Cause(ctx) == ErrCancelled {
		return result, ErrCancelled // while the catalog was being read, too
	}
	return result, blame(err)
}

// Explain returns the plan by which Query would begin. It runs nothing.
func (p *Proxy) Explain(ctx context.Context, q Query) (*router.Plan, error) {
	result, err := p.planned(ctx, q.routed(), func(*router.Plan) (Result, error) { return Result{}, nil })
	return result.Plan, err
}

// answer plans the query and runs the plan; once more if the snapshot at hand
// turns out to be outdated, or if a UNION ALL, run arm by arm, turns out to
// have arms of different types, which one server must make the same.
func (p *Proxy) answer(ctx context.Context, q router.Query, run func(*router.Plan) (Result, error)) (Result, error) {
	result, err := p.planned(ctx, q, run)
	if err != nil && result.arms() && fault.CodeOf(err) == fault.Unsupported {
		q.NoConcat = true
		return p.planned(ctx, q, run)
	}
	return result, err
}

// arms reports whether a plan was run arm by arm, and the sink has not been
// told anything.
func (r *Result) arms() bool { return r.Plan != nil && r.Plan.Kind == router.Concat && !r.told }

// planned plans the query and runs the plan. If either fails in a way that a
// newer snapshot could mend, it gets one, and if that is newer, tries again.
func (p *Proxy) planned(ctx context.Context, q router.Query, run func(*router.Plan) (Result, error)) (Result, error) {
	snap := p.catalog.Snapshot()
	for retried := false; ; retried = true {
		var result Result
		plan, err := p.plan(ctx, snap, q)
		if err == nil {
			result, err = run(plan)
			result.Plan = plan
		}
		if err == nil || retried || result.told || !outdated(err) {
			return result, err
		}
		fresh, refreshErr := p.catalog.Refresh(ctx)
		if refreshErr != nil {
			return result, refreshErr
		}
		if fresh.Version == snap.Version {
			return result, err
		}
		snap = fresh
	}
}

// outdated reports whether an outdated snapshot can be the reason for err: a
// table, column or shard that there is not, or other columns than expected.
func outdated(err error) bool {
	switch fault.CodeOf(err) {
	case fault.UnknownTable, fault.UnknownColumn, fault.StaleTable:
		return true
	}
	return server.ClassOf(err).Has(server.Unknown) || errors.Is(err, shard.ErrUnknown)
}
