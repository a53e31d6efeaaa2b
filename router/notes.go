package router

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
)

// notes names the columns of strings by which tables on one shard are joined
// without an index. Servers compare the rows of such a join one by one, or
// hash but the first bytes of the strings; what is shipped gets an index.
func (p *planner) notes() []string {
	var notes []string
	p.root.each(func(b *block) {
		for _, eq := range conditionsOf(b).equations {
			if note := unindexed(eq.left, eq.right); note != "" && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	})
	return notes
}

// unindexed returns the note on a join of two columns, or "".
func unindexed(a, b *columnRef) string {
	if !a.ofFamily() || !b.ofFamily() || a.typ() != catalog.Text || b.typ() != catalog.Text || a.source == b.source {
		return ""
	}
	shard, ok := soleShard([]*catalog.Table{a.source.table, b.source.table})
	if !ok || a.indexed() || b.indexed() {
		return ""
	}
	return fmt.Sprintf("`%s`.`%s` and `%s`.`%s` are joined on shard %s without an index on either: "+
		"PUT /api/families/{family}/indexes makes one",
		a.source.table.Name, a.name.Name.O, b.source.table.Name, b.name.Name.O, shard)
}

// indexed reports whether an index begins with the column.
func (r *columnRef) indexed() bool {
	return slices.ContainsFunc(r.source.table.Indexes, func(ix catalog.Index) bool {
		return strings.EqualFold(ix.Columns[0], r.name.Name.O)
	})
}
