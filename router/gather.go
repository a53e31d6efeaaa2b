package router

import (
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
)

// gatherer plans a statement that several shards must answer together: it
// chooses the shard where the statement is to run, the home, and what has to
// be shipped there first. The statement itself stays the client's, with
// references to temporary tables in place of those to tables elsewhere.
type gatherer struct {
	*planner
	blocks  []*resolve.Block
	owner   map[*resolve.Source]*resolve.Block
	conds   map[*resolve.Block]*resolve.Conditions
	needs   *needs
	keys    *keyset
	results map[*resolve.Block]string // the shard that can answer a block alone; "" is none

	partials map[*resolve.Block]*partial
	limits   map[*resolve.Block]uint64 // the rows of an arm that are of use

	home  string
	steps []Step
	text  int
	n     int // temporary tables so far
}

// gather plans the statement on a home shard.
func (p *planner) gather() (*Plan, error) {
	g := &gatherer{
		planner: p,
		owner:   make(map[*resolve.Source]*resolve.Block),
		conds:   make(map[*resolve.Block]*resolve.Conditions),
		results: make(map[*resolve.Block]string),

		partials: make(map[*resolve.Block]*partial),
		limits:   make(map[*resolve.Block]uint64),
	}
	g.limit(g.root.Node)
	if err := g.read(); err != nil {
		return nil, err
	}
	var err error
	if g.home, err = g.chooseHome(); err != nil {
		return nil, err
	}
	return g.plan()
}

// read looks at all blocks, and refuses what can't be gathered.
func (g *gatherer) read() error {
	g.root.Each(func(b *resolve.Block) {
		g.blocks = append(g.blocks, b)
		g.conds[b] = resolve.ConditionsOf(b)
		for _, s := range b.Sources {
			g.owner[s] = b
		}
	})
	if g.root.Any(func(b *resolve.Block) bool { return b.Sequence }) {
		return fault.New(fault.Unsupported, "RAND with a seed across shards is not supported: %s", g.spread())
	}
	if g.root.Any(func(b *resolve.Block) bool { return b.Search }) {
		return fault.New(fault.Unsupported, "MATCH … AGAINST across shards is not supported: %s", g.spread())
	}
	g.needs = needsOf(g.blocks)
	g.keys = g.joinKeys()
	g.armLimits()
	return nil
}

// chooseHome returns the shard to which the fewest bytes must be shipped; of
// equal ones the first by number.
func (g *gatherer) chooseHome() (string, error) {
	best, least := "", 0.0
	for _, shard := range g.candidates() {
		cost := 0.0
		for _, u := range g.units(shard) {
			cost += u.bytes
		}
		if best == "" || cost < least {
			best, least = shard, cost
		}
	}
	if best == "" {
		return "", fault.New(fault.Unsupported, "there is no shard to run the query on")
	}
	return best, nil
}

// candidates returns the shards that may be home: those that have something
// of the query, unless there are servers for the purpose. Of these a query
// always gets the same one, and different queries get different ones.
func (g *gatherer) candidates() []string {
	if n := uint64(len(g.homes)); n > 0 {
		hash := fnv.New64a()
		hash.Write([]byte(g.source)) // never fails
		return []string{g.homes[hash.Sum64()%n]}
	}
	tables, _ := g.root.Reach()
	var names []string
	for _, s := range g.snap.Shards() {
		if slices.ContainsFunc(tables, func(t *catalog.Table) bool { return t.On(s.Name) }) {
			names = append(names, s.Name)
		}
	}
	return names
}

// units returns what must be shipped if home is the given shard, in the order
// of the text.
func (g *gatherer) units(home string) []*unit {
	var units []*unit
	g.collect(g.root, home, &units)
	return units
}

func (g *gatherer) collect(b *resolve.Block, home string, units *[]*unit) {
	if shard := g.answers(b); shard != "" && shard != home {
		*units = append(*units, g.resultUnit(b, shard))
		return
	}
	if u := g.partialUnit(b); u != nil {
		*units = append(*units, u)
		return
	}
	derived := make(map[*resolve.Block]bool)
	var own []*unit
	for _, s := range b.Sources {
		if !g.isHome(s, home) {
			own = append(own, g.sourceUnit(b, s))
			derived[s.Block] = true
		}
	}
	*units = append(*units, g.grouped(b, own)...)
	for _, inner := range b.Inner {
		if !derived[inner] {
			g.collect(inner, home, units)
		}
	}
}

// isHome reports whether a source needs no shipping as such: it is a whole
// table at home, or made of parts that are looked at one by one.
func (g *gatherer) isHome(s *resolve.Source, home string) bool {
	if s.Table != nil {
		shard, ok := soleShard([]*catalog.Table{s.Table})
		return ok && shard == home
	}
	if s.Block == nil || s.Block.Role != resolve.Derived || len(s.Ref.ColumnNames) > 0 {
		return true
	}
	shard := g.answers(s.Block)
	return shard == "" || shard == home
}

// answers returns the shard that can answer a block alone, so that its result
// may take its place; "" where there is none.
func (g *gatherer) answers(b *resolve.Block) string {
	shard, known := g.results[b]
	if !known {
		shard = answers(b)
		g.results[b] = shard
	}
	return shard
}

func answers(b *resolve.Block) string {
	if b.Role == resolve.Root || b.Role == resolve.Recursive {
		return ""
	}
	tables, _ := b.Reach()
	shard, ok := soleShard(tables)
	if !ok || !b.Closed() || b.Any(func(b *resolve.Block) bool { return b.Volatile }) {
		return ""
	}
	if b.Label(); !b.Exact() || b.Correlated() {
		return ""
	}
	return shard
}

// plan makes the steps and the plan.
func (g *gatherer) plan() (*Plan, error) {
	units := g.units(g.home)
	slices.SortStableFunc(units, compareUnits)
	for i, u := range units {
		if err := g.ship(u, units[:i]); err != nil {
			return nil, err
		}
	}
	sql, err := tree.Restore(g.root.Node)
	if err != nil {
		return nil, err
	}
	if err := g.add(Step{Shard: g.home, SQL: sql}); err != nil {
		return nil, err
	}
	return &Plan{
		Kind: Gather, Home: g.home, Steps: g.steps, Columns: g.root.Columns,
		Clock:   g.root.Any(func(b *resolve.Block) bool { return b.Clock }),
		Explain: g.explain,
	}, nil
}

// add appends a step.
func (g *gatherer) add(s Step) error {
	g.steps = append(g.steps, s)
	g.text += len(s.SQL)
	if s.Ship != nil {
		g.text += len(s.Ship.Shape)
	}
	if g.text > maxText || len(g.steps) > maxSteps {
		return fault.New(fault.TooLarge, "the query needs more than %d statements, or more than %d bytes of them", maxSteps, maxText)
	}
	return nil
}

// temporary returns the name of the next temporary table.
func (g *gatherer) temporary() string {
	g.n++
	return catalog.ReservedPrefix + "_" + strconv.Itoa(g.n)
}
