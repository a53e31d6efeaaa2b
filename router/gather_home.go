package router

import (
	"hash/fnv"
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
)

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
	if n := uint64(len(g.p.homes)); n > 0 {
		hash := fnv.New64a()
		hash.Write([]byte(g.p.source)) // never fails
		return []string{g.p.homes[hash.Sum64()%n]}
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
