package router

import (
	"fmt"
	"slices"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
)

// partialUnit returns the unit of a block that is computed in parts, or nil
// where the block is not.
func (g *gatherer) partialUnit(b *resolve.Block) *unit {
	p := g.partialOf(b)
	if p == nil {
		return nil
	}
	u := &unit{block: b, partial: p}
	for _, place := range p.split.Table.Placements {
		u.shards = append(u.shards, place.Shard)
	}
	u.rows = float64(len(u.shards))
	if len(p.group) > 0 {
		u.rows = max(g.sourceRows(b, p.split)/20, u.rows)
	}
	u.bytes = u.rows * 32 * float64(len(p.fields))
	for _, s := range b.Sources {
		if s != p.split {
			u.bytes += g.sourceUnit(b, s).bytes * float64(len(broadcasts(s, u.shards)))
		}
	}
	return u
}

// broadcasts returns the shards, each once, to which a whole table must be
// broadcast to be on all of the given ones.
func broadcasts(s *resolve.Source, shards []string) []string {
	var to []string
	for _, shard := range shards {
		if !s.Table.On(shard) && !slices.Contains(to, shard) {
			to = append(to, shard)
		}
	}
	return to
}

// shipPartial adds the steps that broadcast what the parts need, and those
// that compute the parts.
func (g *gatherer) shipPartial(u *unit) error {
	p := u.partial
	tables := make(map[*resolve.Source]string)
	for _, s := range u.block.Sources {
		if to := broadcasts(s, u.shards); s != p.split && len(to) > 0 {
			tables[s] = g.temporary()
			if err := g.broadcast(u.block, s, tables[s], to); err != nil {
				return err
			}
		}
	}
	for i, shard := range u.shards {
		if err := g.shipPart(u, shard, i, tables); err != nil {
			return err
		}
	}
	p.finish(u.table)
	return nil
}

// broadcast adds the steps that ship a source to the sessions of shards.
func (g *gatherer) broadcast(b *resolve.Block, s *resolve.Source, table string, to []string) error {
	u := g.sourceUnit(b, s)
	u.table = table
	for _, shard := range to {
		if err := g.shipRows(u, shard, nil); err != nil {
			return err
		}
	}
	return nil
}

// shipPart adds the step of one placement. On its shard, the other sources
// are tables of the shard itself or broadcast ones.
func (g *gatherer) shipPart(u *unit, shard string, part int, tables map[*resolve.Source]string) error {
	var after []string
	for _, s := range u.block.Sources {
		original := *s.Ref
		defer func() { *s.Ref = original }()
		if table := tables[s]; table != "" && slices.Contains(broadcasts(s, []string{shard}), shard) {
			replaceSource(s, table, nil)
			after = append(after, table)
		}
	}
	sel := u.partial.statement()
	sql, shape, err := tree.Printed(sel)
	if err != nil {
		return err
	}
	ship := g.shipment(u, shape, nil)
	ship.JSON = u.partial.json()
	ship.Why = fmt.Sprintf("groups of `%s`, placement %d", u.partial.split.Table.Name, u.partial.split.Table.Placements[part].Number)
	return g.add(Step{Shard: shard, SQL: sql, Ship: ship, After: after})
}
