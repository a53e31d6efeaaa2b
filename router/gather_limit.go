package router

import (
	"github.com/kolide/databalancer/router/tree"
)

// armLimits notes how many rows of each arm a UNION ALL with a LIMIT can have
// a use for.
func (g *gatherer) armLimits() {
	for _, b := range g.blocks {
		list, order, limit := tree.SetParts(b.Node)
		if list == nil || order != nil || limit == nil || !tree.UnionAll(list) {
			continue
		}
		if rows, ok := tree.RowsOf(limit); ok {
			for _, arm := range flatten(b, nil) {
				g.limits[arm] = rows
			}
		}
	}
}
