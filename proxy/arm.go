package proxy

import (
	"context"
	"errors"
	"sync"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// arm is one step of a plan on its way: the connection and the rows are nil
// until it is open.
type arm struct {
	shard *shard.Shard
	sql   string
	clock string // the time that the statement is told; empty: the server's own
	conn  *shard.Conn
	rows  *shard.Rows
}

// arms returns an arm for each step of the plan, in its order.
func (p *Proxy) arms(tag, clock string, plan *router.Plan) ([]*arm, error) {
	arms := make([]*arm, len(plan.Steps))
	for i, step := range plan.Steps {
		sh, err := p.shard(step.Shard)
		if err != nil {
			return nil, err
		}
		arms[i] = &arm{shard: sh, sql: tag + " " + step.SQL, clock: clock}
	}
	return arms, nil
}

// shard returns the shard of that name. One that a plan names and the set has
// not is gone, or not known yet.
func (p *Proxy) shard(name string) (*shard.Shard, error) {
	sh, err := p.shards.Shard(name)
	if err != nil {
		return nil, &shard.UnreachableError{Shard: name, Err: err}
	}
	return sh, nil
}

// reserve takes a connection for each arm.
func reserve(ctx context.Context, asker admission.Asker, arms []*arm) (release func(), err error) {
	if len(arms) == 1 {
		return arms[0].shard.Reserve(ctx, asker, 1)
	}
	needs := map[*shard.Shard]int{}
	for _, a := range arms {
		needs[a.shard]++
	}
	return shard.Reserve(ctx, asker, needs)
}

// fork returns the context under which the arms run, and what ends it. A
// single arm runs under ctx: there are no others to stop when it fails.
func fork(ctx context.Context, arms []*arm) (context.Context, context.CancelCauseFunc) {
	if len(arms) == 1 {
		return ctx, func(error) {}
	}
	return context.WithCancelCause(ctx)
}

// open starts all arms at once and waits until each has its result's columns.
// It returns the first error in time, having called stop, which must end ctx;
// what is open after that is close's to close.
func open(ctx context.Context, stop context.CancelCauseFunc, arms []*arm) error {
	if len(arms) == 1 {
		return arms[0].open(ctx)
	}
	var (
		wait  sync.WaitGroup
		once  sync.Once
		first error
	)
	for _, a := range arms {
		wait.Go(func() {
			if err := a.open(ctx); err != nil {
				once.Do(func() { first = err; stop(err) })
			}
		})
	}
	wait.Wait()
	return first
}

func (a *arm) open(ctx context.Context) (err error) {
	if a.conn, err = a.shard.Conn(ctx); err != nil {
		return err
	}
	if a.clock != "" {
		if _, err := a.conn.Query(ctx, "SET timestamp = "+a.clock); err != nil {
			return err
		}
	}
	a.rows, err = a.conn.Query(ctx, a.sql)
	return err
}

// close stops what is running and gives the connection back.
func (a *arm) close() (err error) {
	if a.rows != nil {
		err = a.rows.Close()
	}
	if a.conn == nil {
		return err
	}
	if a.clock != "" { // rarer than it is worth a statement to set it back
		a.conn.Discard()
	}
	return errors.Join(err, a.conn.Close())
}

// close closes all arms at once, since each may have a KILL to send. An arm
// that could not be stopped is no failure of the query, whose rows are out by
// then, but its server's time is being wasted: that is logged.
func (p *Proxy) close(arms []*arm) {
	if len(arms) == 1 {
		p.closeArm(arms[0])
		return
	}
	var wait sync.WaitGroup
	for _, a := range arms[1:] {
		wait.Go(func() { p.closeArm(a) })
	}
	p.closeArm(arms[0])
	wait.Wait()
}

func (p *Proxy) closeArm(a *arm) {
	if err := a.close(); err != nil {
		p.log.Warn("query not stopped on shard", "shard", a.shard.Name(), "err", err)
	}
}
