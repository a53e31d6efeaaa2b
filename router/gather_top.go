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
func (g *gatherer) topOf(b *resolve.Block, s *resolve.Source) *top {
	sel, ok := b.Node.(*ast.SelectStmt)
	switch {
	case !ok, sel.Limit == nil, len(b.Sources) != 1, len(b.Inner) > 0, sel.With != nil, sel.Distinct, sel.GroupBy != nil,
		sel.Having != nil, len(sel.WindowSpecs) > 0, b.Aggregate, s.Table == nil || len(s.Table.Placements) < 2,
		slices.ContainsFunc(g.conds[b].Of[s], func(c *resolve.Condition) bool { return !c.On(s) }):
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
	p := partial{block: b, sel: sel}
	t.order = &ast.OrderByClause{}
	for _, item := range sel.OrderBy.Items {
		e := p.ordered(item.Expr)
		if e == nil {
			return nil
		}
		if !tree.HasColumn(e) { // sorts nothing, and -1 would not be understood
			continue
		}
		t.order.Items = append(t.order.Items, &ast.ByItem{Expr: e, Desc: item.Desc, NullOrder: item.NullOrder})
	}
	if len(t.order.Items) == 0 {
		t.order = nil
	}
	return t
}

// ordered returns what an item of ORDER BY sorts by, as an expression over the
// source, or nil where that is not sure. A name means a select field first,
// inside an expression too.
func (p *partial) ordered(e ast.ExprNode) ast.ExprNode {
	if n, ok := tree.Bare(e).(*ast.PositionExpr); ok {
		if n.N < 1 || n.N > len(p.sel.Fields.Fields) || slices.ContainsFunc(p.sel.Fields.Fields, tree.IsStar) {
			return nil
		}
		e = p.sel.Fields.Fields[n.N-1].Expr
	} else if n := tree.PlainColumn(e); n != nil {
		if field := aliased(p.sel, n); field != nil {
			e = field
		}
	} else if !p.unaliased(e) {
		return nil
	}
	if !p.block.Local(e) {
		return nil
	}
	return e
}

// unaliased reports whether no name in an expression is that of a select
// field with another meaning.
func (p *partial) unaliased(e ast.ExprNode) bool {
	ok := true
	tree.Walk(e, func(n ast.Node) bool {
		if c, is := n.(*ast.ColumnNameExpr); is {
			ok = ok && p.unambiguous(c)
		}
		return ok
	})
	return ok
}
