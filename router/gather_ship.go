package router

import (
	"fmt"
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
)

// ship adds the steps that ship a unit, and puts the temporary table in its
// place. before are the units that are shipped already.
func (g *gatherer) ship(u *unit, before []*unit) error {
	u.table = g.temporary()
	switch {
	case u.partial != nil:
		return g.shipPartial(u)
	case u.group != nil:
		return g.shipGroup(u)
	case u.source == nil:
		return g.shipResult(u, before)
	}
	filter, err := g.filter(u, before)
	if err != nil {
		return err
	}
	if err := g.shipRows(u, "", filter); err != nil {
		return err
	}
	replaceSource(u.source, u.table, u.columns)
	return nil
}

func (g *gatherer) shipResult(u *unit, before []*unit) error {
	u.block.Alias()
	node := g.limitArm(u.block, tree.Alone(u.block.Node))
	sql, shape, err := tree.Printed(node)
	if err != nil {
		return err
	}
	ship := g.shipment(u, shape, g.resultKeys(u.block))
	ship.Why = describe(u.block)
	if ship.Filter, err = g.memberFilter(u, node, before); err != nil {
		return err
	}
	replaceBlock(u.block, u.table)
	return g.add(Step{Shard: u.shards[0], SQL: sql, Ship: ship})
}

func (g *gatherer) shipment(u *unit, shape string, keys [][]string) *Shipment {
	s := &Shipment{Into: u.table, Shape: shape, Keys: keys}
	if u.measured() {
		parts := max(1, len(u.shards))
		s.Rows, s.Bytes = int64(u.rows)/int64(parts), int64(u.bytes)/int64(parts)
	}
	return s
}

// measured reports whether the sizes of all tables are known from which the
// unit's own was guessed.
func (u *unit) measured() bool {
	tables, _ := u.block.Reach()
	if u.source != nil && u.source.Table != nil {
		tables = []*catalog.Table{u.source.Table}
	}
	return !slices.ContainsFunc(tables, func(t *catalog.Table) bool {
		return !slices.ContainsFunc(t.Placements, func(p catalog.Placement) bool { return p.Bytes > 0 })
	})
}

// describe says what kind of result a block is.
func describe(b *resolve.Block) string {
	switch b.Role {
	case resolve.Arm:
		return "the result of an arm of a set operation"
	case resolve.Derived:
		return "the result of a derived table"
	case resolve.With:
		return "the result of a WITH"
	}
	return "the result of a subquery"
}

// shipRows adds the steps that ship a source's rows to the session on the
// shard at, or home.
func (g *gatherer) shipRows(u *unit, at string, filter *Filter) error {
	sel := u.statement()
	sql, shape, err := tree.Printed(sel)
	if err != nil {
		return err
	}
	for i, shard := range u.shards {
		ship := g.shipment(u, shape, g.keys.lists(u.source))
		ship.At = at
		ship.Why = u.why(i)
		ship.JSON = jsonColumns(u)
		ship.Filter = filter
		if err := g.add(Step{Shard: shard, SQL: sql, Ship: ship}); err != nil {
			return err
		}
	}
	return nil
}

func (u *unit) why(part int) string {
	if u.source.Table == nil {
		return "the result of the derived table `" + u.source.Name + "`"
	}
	s := "rows of `" + u.source.Table.Name + "`"
	if u.top != nil {
		s = "first " + s
	}
	if n := len(u.shards); n > 1 {
		s += fmt.Sprintf(", placement %d", u.source.Table.Placements[part].Number)
	}
	return s
}

func jsonColumns(u *unit) []string {
	var names []string
	for _, c := range u.columns {
		if u.source.IsJSON(c.Type) {
			names = append(names, c.Name)
		}
	}
	return names
}
