package router

import (
	"github.com/kolide/databalancer/router/tree"
)

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
