package router

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
)

// gather plans the statement on a home shard.
func (p *planner) gather() (*Plan, error) {
	p.limit(p.root.Node)
	g := &gatherer{
		p:          p,
		owner:      make(map[*resolve.Source]*resolve.Block),
		conditions: make(map[*resolve.Source][]*resolve.Condition),
		joins:      make(joinColumns),
		limits:     make(map[*resolve.Block]uint64),
		answers:    make(map[*resolve.Block]string),
		partials:   make(map[*resolve.Block]*partial),
	}
	if err := g.read(); err != nil {
		return nil, err
	}
	units, err := g.chooseHome()
	if err != nil {
		return nil, err
	}
	return g.plan(units)
}

// read looks at all blocks, and refuses what can't be gathered.
func (g *gatherer) read() error {
	root := g.p.root
	if root.Any(func(b *resolve.Block) bool { return b.Sequence }) {
		return fault.New(fault.Unsupported, "RAND with a seed across shards is not supported: %s", g.p.spread())
	}
	if root.Any(func(b *resolve.Block) bool { return b.Search }) {
		return fault.New(fault.Unsupported, "MATCH … AGAINST across shards is not supported: %s", g.p.spread())
	}
	root.Each(func(b *resolve.Block) {
		g.blocks = append(g.blocks, b)
		for _, s := range b.Sources {
			g.owner[s] = b
		}
	})
	for _, b := range g.blocks {
		known := resolve.ConditionsOf(b)
		maps.Copy(g.conditions, known.Of)
		g.joinsOf(b, known.Equations)
	}
	for _, b := range g.blocks {
		g.joins.forget(b)
	}
	g.needs = needsOf(g.blocks)
	g.armLimits()
	return nil
}

// plan makes the steps and the plan. Small units come first: they may narrow
// what comes after them.
func (g *gatherer) plan(units []unit) (*Plan, error) {
	slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.cost().rows, b.cost().rows) })
	for _, u := range units {
		table := g.temporary()
		if err := u.ship(g, table); err != nil {
			return nil, err
		}
		u.settle(table)
		g.shipped = append(g.shipped, shipped{u, table})
	}
	sql, err := tree.Restore(g.p.root.Node)
	if err != nil {
		return nil, err
	}
	if err := g.script.add(Step{Shard: g.home, SQL: sql}); err != nil {
		return nil, err
	}
	return &Plan{
		Kind: Gather, Home: g.home, Steps: g.script.steps, Columns: g.p.root.Columns,
		Clock:   g.p.root.Any(func(b *resolve.Block) bool { return b.Clock }),
		Explain: g.p.explain,
	}, nil
}

// armLimits notes how many rows of each arm a UNION ALL with a LIMIT can have
// a use for.
func (g *gatherer) armLimits() {
	for _, b := range g.blocks {
		op, ok := tree.SetOperationOf(b.Node)
		if !ok || op.Order != nil || op.Limit == nil || !tree.UnionAll(op.Arms) {
			continue
		}
		if rows, ok := tree.RowsOf(op.Limit); ok {
			for _, arm := range flatten(b, nil) {
				g.limits[arm] = rows
			}
		}
	}
}
