package router

import (
	"slices"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// top says which rows of each placement of a split table are enough: the
// first ones in an order.
type top struct {
	order *ast.OrderByClause // nil: any rows
	limit uint64
}

// maxTop is the LIMIT up to which the first rows of each placement are sorted
// out there: of more, sorting them twice costs more than shipping all.
const maxTop = 100_000

// topOf returns which rows are enough of a split table, or nil for all.
func (g *gatherer) topOf(s *resolve.Source) *top {
	b := g.owner[s]
	sel, ok := b.Node.(*ast.SelectStmt)
	switch {
	case !ok, sel.Limit == nil, len(b.Sources) != 1, len(b.Inner) > 0, sel.With != nil, sel.Distinct, sel.GroupBy != nil,
		sel.Having != nil, len(sel.WindowSpecs) > 0, b.Aggregate, s.Table == nil || len(s.Table.Placements) < 2,
		slices.ContainsFunc(g.conditions[s], func(c *resolve.Condition) bool { return !c.On(s) }):
		return nil
	}
	limit, ok := tree.RowsOf(sel.Limit)
	if !ok || limit > maxTop {
		return nil
	}
	t := &top{limit: limit}
	if sel.OrderBy == nil {
		return t
	}
	var items []*ast.ByItem
	for _, item := range sel.OrderBy.Items {
		e := fieldNames{b, sel}.ordered(item.Expr)
		if e == nil {
			return nil
		}
		if !tree.HasColumn(e) { // sorts nothing, and -1 would not be understood
			continue
		}
		items = append(items, &ast.ByItem{Expr: e, Desc: item.Desc, NullOrder: item.NullOrder})
	}
	if len(items) > 0 {
		t.order = &ast.OrderByClause{Items: items}
	}
	return t
}
