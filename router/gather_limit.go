package router

import "github.com/pingcap/tidb/pkg/parser/ast"

// armLimits notes how many rows of each arm a UNION ALL with a LIMIT can have
// a use for.
func (g *gatherer) armLimits() {
	for _, b := range g.blocks {
		list, order, limit := setParts(b.node)
		if list == nil || order != nil || limit == nil || !unionAll(list) {
			continue
		}
		if rows, ok := rowsOf(limit); ok {
			for _, arm := range flatten(b, nil) {
				g.limits[arm] = rows
			}
		}
	}
}

// setParts returns the parts of a set operation, nil for another block.
func setParts(node ast.Node) (*ast.SetOprSelectList, *ast.OrderByClause, *ast.Limit) {
	switch n := node.(type) {
	case *ast.SetOprStmt:
		return n.SelectList, n.OrderBy, n.Limit
	case *ast.SetOprSelectList:
		return n, n.OrderBy, n.Limit
	}
	return nil, nil, nil
}

// limitArm returns a copy of an arm's statement that returns no more rows than
// there is a use for.
func (g *gatherer) limitArm(b *block, node ast.Node) ast.Node {
	rows, ok := g.limits[b]
	if !ok {
		return node
	}
	return limited(node, func(l *ast.Limit) *ast.Limit { return lower(l, rows) })
}

// limited returns a copy of a statement with another LIMIT.
func limited(node ast.Node, limit func(*ast.Limit) *ast.Limit) ast.Node {
	switch n := node.(type) {
	case *ast.SelectStmt:
		sel := *n
		sel.Limit = limit(n.Limit)
		return &sel
	case *ast.SetOprStmt:
		op := *n
		op.Limit = limit(n.Limit)
		return &op
	}
	return node
}
