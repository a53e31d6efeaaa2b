package router

import (
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// gatherer plans a statement that several shards must answer together: it
// chooses the shard where the statement is to run, the home, and what has to
// be shipped there first. The statement itself stays the client's, with
// references to temporary tables in place of those to tables elsewhere.
type gatherer struct {
	*planner
	blocks  []*block
	owner   map[*source]*block
	conds   map[*block]*conditions
	needs   *needs
	keys    *keyset
	results map[*block]string // the shard that can answer a block alone; "" is none

	partials map[*block]*partial
	limits   map[*block]uint64 // the rows of an arm that are of use

	home  string
	steps []Step
	text  int
	n     int // temporary tables so far
}

// gather plans the statement on a home shard.
func (p *planner) gather() (*Plan, error) {
	g := &gatherer{
		planner: p,
		owner:   make(map[*source]*block),
		conds:   make(map[*block]*conditions),
		results: make(map[*block]string),

		partials: make(map[*block]*partial),
		limits:   make(map[*block]uint64),
	}
	g.limit(g.root.node)
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
	g.root.each(func(b *block) {
		g.blocks = append(g.blocks, b)
		g.conds[b] = conditionsOf(b)
		for _, s := range b.from {
			g.owner[s] = b
		}
	})
	if g.root.any(func(b *block) bool { return b.sequence }) {
		return fault.New(fault.Unsupported, "RAND with a seed across shards is not supported: %s", g.spread())
	}
	if slices.ContainsFunc(g.blocks, matches) {
		return fault.New(fault.Unsupported, "MATCH … AGAINST across shards is not supported: %s", g.spread())
	}
	g.needs = needsOf(g.blocks)
	g.keys = g.joinKeys()
	g.armLimits()
	return nil
}

// matches reports whether a block searches a full-text index.
func matches(b *block) bool {
	found := false
	for _, clause := range b.clauses() {
		walk(clause, func(n ast.Node) bool {
			_, match := n.(*ast.MatchAgainst)
			found = found || match
			return true
		})
	}
	return found
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
	tables, _ := g.root.reach()
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

func (g *gatherer) collect(b *block, home string, units *[]*unit) {
	if shard := g.answers(b); shard != "" && shard != home {
		*units = append(*units, g.resultUnit(b, shard))
		return
	}
	if u := g.partialUnit(b); u != nil {
		*units = append(*units, u)
		return
	}
	derived := make(map[*block]bool)
	var own []*unit
	for _, s := range b.from {
		if !g.isHome(s, home) {
			own = append(own, g.sourceUnit(b, s))
			derived[s.block] = true
		}
	}
	*units = append(*units, g.grouped(b, own)...)
	for _, inner := range b.inner {
		if !derived[inner] {
			g.collect(inner, home, units)
		}
	}
}

// isHome reports whether a source needs no shipping as such: it is a whole
// table at home, or made of parts that are looked at one by one.
func (g *gatherer) isHome(s *source, home string) bool {
	if s.table != nil {
		shard, ok := soleShard([]*catalog.Table{s.table})
		return ok && shard == home
	}
	if s.block == nil || s.block.role != roleDerived || len(s.ref.ColumnNames) > 0 {
		return true
	}
	shard := g.answers(s.block)
	return shard == "" || shard == home
}

// answers returns the shard that can answer a block alone, so that its result
// may take its place; "" where there is none.
func (g *gatherer) answers(b *block) string {
	shard, known := g.results[b]
	if !known {
		shard = answers(b)
		g.results[b] = shard
	}
	return shard
}

func answers(b *block) string {
	if b.role == roleRoot || b.role == roleRecursive {
		return ""
	}
	tables, _ := b.reach()
	shard, ok := soleShard(tables)
	if !ok || !b.closed() || b.any(func(b *block) bool { return b.volatile }) {
		return ""
	}
	if b.label(); !b.exact() || b.correlated() {
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
	sql, err := restore(g.root.node)
	if err != nil {
		return nil, err
	}
	if err := g.add(Step{Shard: g.home, SQL: sql}); err != nil {
		return nil, err
	}
	return &Plan{
		Kind: Gather, Home: g.home, Steps: g.steps, Columns: published(g.root.columns),
		Clock:   g.root.any(func(b *block) bool { return b.clock }),
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
