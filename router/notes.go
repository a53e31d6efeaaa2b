package router

import (
	"fmt"
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
)

// notes names the columns of strings by which tables on one shard are joined
// without an index. Servers compare the rows of such a join one by one, or
// hash but the first bytes of the strings; what is shipped gets an index.
func (p *planner) notes() []string {
	var notes []string
	p.root.Each(func(b *resolve.Block) {
		for _, eq := range resolve.ConditionsOf(b).Equations {
			if note := unindexed(eq.Left, eq.Right); note != "" && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	})
	return notes
}

// unindexed returns the note on a join of two columns, or "".
func unindexed(a, b *resolve.ColumnRef) string {
	if !a.OfFamily() || !b.OfFamily() || a.Type() != catalog.Text || b.Type() != catalog.Text || a.Source == b.Source {
		return ""
	}
	shard, ok := soleShard(a.Source.Table, b.Source.Table)
	if !ok || a.Indexed() || b.Indexed() {
		return ""
	}
	return fmt.Sprintf("`%s`.`%s` and `%s`.`%s` are joined on shard %s without an index on either: "+
		"PUT /api/families/{family}/indexes makes one",
		a.Source.Table.Name, a.Name.Name.O, b.Source.Table.Name, b.Name.Name.O, shard)
}
