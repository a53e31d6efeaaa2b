package router

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// gatherer plans a statement that several shards must answer together: it
// chooses the shard where the statement is to run, the home, and what has to
// be shipped there first. The statement itself stays the client's, with
// references to temporary tables in place of those to tables elsewhere.
type gatherer struct {
	p      *planner
	blocks []*resolve.Block
	owner  map[*resolve.Source]*resolve.Block
	// conditions are those that the rows of a source have to fulfil.
	conditions map[*resolve.Source][]*resolve.Condition
	needs      *needs
	joins      joinColumns
	limits     map[*resolve.Block]uint64   // the rows of an arm that are of use
	answers    map[*resolve.Block]string   // the shard that can answer a block alone; "" is none
	partials   map[*resolve.Block]*partial // how a block is computed in parts; nil where it can't be

	home    string
	script  script
	shipped []shipped // in the order of their steps
	tables  int       // temporary ones so far
}

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

// blockOf returns the block of a query inside the statement.
func (g *gatherer) blockOf(query ast.Node) *resolve.Block {
	for _, b := range g.blocks {
		if b.Node == query {
			return b
		}
	}
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

// temporary returns the name of the next temporary table.
func (g *gatherer) temporary() string {
	g.tables++
	return catalog.ReservedPrefix + "_" + strconv.Itoa(g.tables)
}
