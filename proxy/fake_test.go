package proxy

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
)

// nothing is what a catalog knows without anything in it.
var nothing = catalog.NewSnapshot(0, nil, nil)

// fakeCatalog is a catalog without anything in it.
type fakeCatalog struct {
	newer   *catalog.Snapshot                                    // nil: nothing
	refresh func(ctx context.Context) (*catalog.Snapshot, error) // nil: nothing is new
	asked   atomic.Int64                                         // how often it was refreshed
}

func (c *fakeCatalog) Snapshot() *catalog.Snapshot { return cmp.Or(c.newer, nothing) }

func (c *fakeCatalog) Refresh(ctx context.Context) (*catalog.Snapshot, error) {
	c.asked.Add(1)
	if c.refresh == nil {
		return c.Snapshot(), nil
	}
	return c.refresh(ctx)
}

// fakeRouter plans with a function.
type fakeRouter func(snap *catalog.Snapshot, q router.Query) (*router.Plan, error)

func (r fakeRouter) Plan(snap *catalog.Snapshot, q router.Query) (*router.Plan, error) {
	return r(snap, q)
}

// plans is a router that knows the plans of queries by their text.
type plans struct{ known sync.Map }

func (p *plans) Plan(_ *catalog.Snapshot, q router.Query) (*router.Plan, error) {
	plan, ok := p.known.Load(q.SQL)
	if !ok {
		return nil, fmt.Errorf("no plan for %s", q.SQL)
	}
	return plan.(*router.Plan), nil
}
