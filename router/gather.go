package router

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kolide/databalancer/catalog"
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
		unkeyed:    make(map[*resolve.Block]bool),
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
	inPlace := ""
	root.Each(func(b *resolve.Block) {
		inPlace = cmp.Or(inPlace, b.InPlace)
		g.blocks = append(g.blocks, b)
		for _, s := range b.Sources {
			g.owner[s] = b
		}
	})
	if inPlace != "" {
		return fault.New(fault.Unsupported, "%s across shards is not supported: %s", inPlace, g.p.spread())
	}
	for _, b := range g.blocks {
		if err := refuseFloats(b); err != nil {
			return err
		}
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

// chooseHome takes the shard to which the fewest bytes must be shipped for
// home, of equal ones the first by number, and returns what is to be shipped.
func (g *gatherer) chooseHome() ([]unit, error) {
	var best []unit
	least := 0.0
	for _, shard := range g.candidates() {
		units := g.unitsOf(g.p.root, shard, nil)
		bytes := 0.0
		for _, u := range units {
			bytes += u.cost().bytes
		}
		if g.home == "" || bytes < least {
			g.home, best, least = shard, units, bytes
		}
	}
	if g.home == "" {
		return nil, fault.New(fault.Unsupported, "there is no shard to run the query on")
	}
	return best, nil
}

// candidates returns the shards that may be home: those that have something
// of the query, unless there are servers for the purpose. Of these a query
// always gets the same one, and different queries get different ones.
func (g *gatherer) candidates() []string {
	if n := len(g.p.homes); n > 0 {
		return []string{g.p.homes[homeOf(g.p.source, n)]}
	}
	tables, _ := g.p.root.Reach()
	var names []string
	for _, s := range g.p.snap.Shards() {
		if slices.ContainsFunc(tables, func(t *catalog.Table) bool { return t.On(s.Name) }) {
			names = append(names, s.Name)
		}
	}
	return names
}

// unitsOf appends what must be shipped of a block if home is the given shard,
// in the order of the text.
func (g *gatherer) unitsOf(b *resolve.Block, home string, units []unit) []unit {
	if shard := g.answer(b); shard != "" && shard != home {
		return append(units, g.newResult(b, shard))
	}
	if p := g.partialOf(b); p != nil {
		return append(units, g.newParts(p))
	}
	derived := make(map[*resolve.Block]bool)
	var own []*rows
	for _, s := range b.Sources {
		if !g.isHome(s, home) {
			own = append(own, g.newRows(s))
			derived[s.Block] = true
		}
	}
	units = append(units, g.joined(b, own)...)
	for _, inner := range b.Inner {
		if !derived[inner] {
			units = g.unitsOf(inner, home, units)
		}
	}
	return units
}

// isHome reports whether a source needs no shipping as such: it is a whole
// table at home, or made of parts that are looked at one by one.
func (g *gatherer) isHome(s *resolve.Source, home string) bool {
	if s.Table != nil {
		return isOn(home, s.Table)
	}
	if s.Block == nil || s.Block.Role != resolve.Derived {
		return true
	}
	shard := g.answer(s.Block)
	return shard == "" || shard == home
}

// plan makes the steps and the plan. Small units come first: they may narrow
// what comes after them.
func (g *gatherer) plan(units []unit) (*Plan, error) {
	var copies *copier
	if g.p.dialect.OpensOnce {
		copies = g.newCopier()
	}
	slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.cost().rows, b.cost().rows) })
	for _, u := range units {
		table := g.temporary()
		if err := u.ship(g, table); err != nil {
			return nil, err
		}
		u.settle(table)
		g.shipped = append(g.shipped, shipped{u, table})
	}
	if copies != nil {
		if err := copies.copy(); err != nil {
			return nil, err
		}
	}
	sql, err := tree.Restore(g.p.root.Node)
	if err != nil {
		return nil, err
	}
	if err := g.script.add(Step{Shard: g.home, SQL: sql}); err != nil {
		return nil, err
	}
	known, err := g.knownAtHome()
	if err != nil {
		return nil, err
	}
	return &Plan{
		Kind: Gather, Home: g.home, Known: known, Steps: g.script.steps, Columns: g.p.root.Columns,
		Clock:      g.p.root.Any(func(b *resolve.Block) bool { return b.Clock }),
		Explain:    g.p.explain,
		Lengthless: isLengthless(g.p.root.Node),
	}, nil
}
