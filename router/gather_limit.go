package router

import (
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
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

// limitArm returns a copy of an arm's statement that returns no more rows than
// there is a use for.
func (g *gatherer) limitArm(b *resolve.Block, node ast.Node) ast.Node {
	rows, ok := g.limits[b]
	if !ok {
		return node
	}
	return tree.Limited(node, func(l *ast.Limit) *ast.Limit { return tree.Lower(l, rows) })
}
