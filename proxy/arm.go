package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

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

// find returns an arm for each step of the plan, in its order.
func (p *Proxy) find(tag string, plan *router.Plan) ([]*arm, error) {
	arms := make([]*arm, len(plan.Steps))
	for i, step := range plan.Steps {
		sh, err := p.shards.Shard(step.Shard)
		if err != nil {
			return nil, unknownShard(step.Shard, err)
		}
		arms[i] = &arm{shard: sh, sql: tag + " " + step.SQL}
	}
	return arms, nil
}

// unknownShard is the error for a plan that names a shard which the set has
// not.
func unknownShard(name string, err error) error {
	err = fmt.Errorf("shard %s: %w: %w", name, shard.ErrUnreachable, err)
	return &StaleError{Shard: name, Err: &ShardError{name, err}}
}

// reserve takes a connection for each arm: shard by shard in the order of
// their names, all of a shard's at once.
func reserve(ctx context.Context, arms []*arm) (release func(), err error) {
	if len(arms) == 1 {
		return reserveGroup(ctx, arms)
	}
	var releases []func()
	release = func() {
		for _, r := range slices.Backward(releases) {
			r()
		}
	}
	for _, group := range byShard(arms) {
		r, err := reserveGroup(ctx, group)
		if err != nil {
			release()
			return nil, err
		}
		releases = append(releases, r)
	}
	return release, nil
}

// reserveGroup takes a connection for each arm of one shard.
func reserveGroup(ctx context.Context, group []*arm) (release func(), err error) {
	release, err = group[0].shard.Reserve(ctx, len(group))
	if err != nil {
		return nil, reserveError(group, err)
	}
	return release, nil
}

func reserveError(group []*arm, err error) error {
	if errors.Is(err, shard.ErrTooManyConns) {
		return &UnsupportedError{Detail: fmt.Sprintf(
			"the query needs %d connections to shard %s at once, more than are configured", len(group), group[0].shard.Name())}
	}
	return group[0].wrap(err)
}

// byShard groups the arms by shard, in the order of the shards' names.
func byShard(arms []*arm) [][]*arm {
	sorted := slices.SortedStableFunc(slices.Values(arms), func(a, b *arm) int {
		return cmp.Compare(a.shard.Name(), b.shard.Name())
	})
	var groups [][]*arm
	for i, a := range sorted {
		if i == 0 || a.shard != sorted[i-1].shard {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], a)
	}
	return groups
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
		return a.wrap(err)
	}
	if a.clock != "" {
		if _, err := a.conn.Query(ctx, "SET timestamp = "+a.clock); err != nil {
			return a.wrap(err)
		}
	}
	a.rows, err = a.conn.Query(ctx, a.sql)
	return a.wrap(err)
}

// setClock tells all arms one time: of one server's statement, every part has
// the same NOW(). It is a number of seconds, with microseconds.
func setClock(arms []*arm, now time.Time) {
	clock := clockOf(now)
	for _, a := range arms {
		a.clock = clock
	}
}

// wrap names the shard in an error.
func (a *arm) wrap(err error) error {
	if err == nil {
		return nil
	}
	return &ShardError{Shard: a.shard.Name(), Err: err}
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
