package proxy

import (
	"context"
	"fmt"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/proxy/gather"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// Result sums up an answer.
type Result struct {
	Rows      int64
	Truncated bool // there were more rows than Query.MaxRows
	// Plan is the one that answered. After an error it may be nil.
	Plan *router.Plan
	// Steps are the numbers of a gather's steps, in the plan's order; nil for
	// the other kinds.
	Steps []gather.StepStats
	// Warnings are what the servers said of the statements that gave the answer,
	// a few of each; of an answer that is cut short by MaxRows, those so far.
	Warnings []Warning

	told bool // the sink knows of it
}

// run runs the plan. A plan that is to be explained and runs on several
// shards is itself the answer.
func (p *Proxy) run(ctx context.Context, asker admission.Asker, tag string, plan *router.Plan, maxRows int, sink Sink) (Result, error) {
	clock := ""
	if plan.Clock {
		clock = clockOf(time.Now())
	}
	switch {
	case plan.Explain && plan.Kind != router.Single:
		return explain(plan, maxRows, sink)
	case plan.Kind == router.Gather:
		return p.runGather(ctx, gather.Query{Asker: asker, Tag: tag, Clock: clock, Plan: plan}, maxRows, sink)
	case len(plan.Steps) > 0 && (plan.Kind == router.Single || plan.Kind == router.Concat):
		return p.runArms(ctx, asker, tag, clock, plan, maxRows, sink)
	}
	return Result{}, fault.New(fault.Unsupported, "plans of kind %s with %d steps are not known", plan.Kind, len(plan.Steps))
}

// clockOf spells a time as servers take it for their own, as a number of
// seconds with microseconds. Of one server's statement every part has the same
// NOW(), so all statements of a plan that ask for the time are told one.
func clockOf(now time.Time) string {
	return fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)
}

// runArms runs a plan whose steps' rows are the answer, one step after the
// other.
func (p *Proxy) runArms(ctx context.Context, asker admission.Asker, tag, clock string, plan *router.Plan, maxRows int, sink Sink) (Result, error) {
	arms, err := p.arms(tag, clock, plan)
	if err != nil {
		return Result{}, err
	}
	release, err := reserve(ctx, asker, arms)
	if err != nil {
		return Result{}, err
	}
	defer release()
	steps, stop := fork(ctx, arms)
	defer stop(nil) // after close, which knows better what is left to stop
	defer p.close(arms)
	if err := open(steps, stop, arms); err != nil {
		return Result{}, err
	}
	return give(ctx, tag, arms, plan.Columns, maxRows, sink)
}

// runGather runs a plan that moves rows to its home shard, whose rows are the
// answer.
func (p *Proxy) runGather(ctx context.Context, q gather.Query, maxRows int, sink Sink) (result Result, err error) {
	steps, err := p.gatherer.Run(ctx, q, func(rows *shard.Rows) (_ int64, err error) {
		result, err = give(ctx, q.Tag, []*arm{{rows: rows}}, q.Plan.Columns, maxRows, sink)
		return result.Rows, err
	})
	result.Steps = steps
	for _, s := range steps {
		result.warn(s.Warnings)
	}
	return result, err
}

// give tells the sink the columns of arms that are open, and hands it their
// rows, one arm after the other. An arm that has warned of a cut fails. One whose
// statement goes on behind MaxRows is read on for its warnings, as far as it may
// go by what the router lets it return.
func give(ctx context.Context, tag string, arms []*arm, planned []router.Column, maxRows int, sink Sink) (result Result, err error) {
	columns, err := columnsOf(arms, planned)
	if err != nil {
		return result, err
	}
	result.told = true
	if err := sink.Columns(columns); err != nil {
		return result, err
	}
	for _, a := range arms {
		for a.rows.Next() {
			if maxRows > 0 && result.Rows == int64(maxRows) {
				result.Truncated = true
				pass(a.rows, maxRows)
				break
			}
			if err := sink.Row(a.rows.Values()); err != nil {
				return result, err
			}
			result.Rows++
		}
		if err := a.rows.Err(); err != nil {
			return result, err
		}
		warnings, err := a.rows.Warnings(ctx, tag)
		if err != nil {
			return result, err
		}
		if result.warn(warnings); result.Truncated {
			break
		}
	}
	return result, nil
}

// pass reads on to the end of rows, if that is not farther than most rows.
func pass(rows *shard.Rows, most int) {
	for range most + 1 {
		if !rows.Next() {
			return
		}
	}
}
