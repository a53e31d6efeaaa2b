package router

import (
	"slices"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// partial is how a block over a split table is computed whose groups are made
// placement by placement, so that only partial results are shipped: of a count
// the counts, whose sum it is, of an average the sums and counts.
type partial struct {
	fieldNames
	split  *resolve.Source   // the one whose placements make the parts
	keys   map[string]string // the column of each group key, by its text
	group  []ast.ExprNode    // the group keys
	values map[string]string // the column of each partial value, by its text
	fields []*ast.SelectField
	rounds bool // see Dialect.RoundsQuotients
}

// partialOf returns what newPartial does, which it asks once for each block.
func (g *gatherer) partialOf(b *resolve.Block) *partial {
	p, known := g.partials[b]
	if !known {
		p = newPartial(b, g.p.dialect.RoundsQuotients)
		g.partials[b] = p
	}
	return p
}

// newPartial returns nil where the block can't be computed in parts.
func newPartial(b *resolve.Block, rounds bool) *partial {
	sel, ok := b.Node.(*ast.SelectStmt)
	switch {
	case !ok, len(b.Inner) > 0, sel.With != nil, len(sel.WindowSpecs) > 0,
		!b.Aggregate && sel.GroupBy == nil && !sel.Distinct, b.MixesAggregates():
		return nil
	}
	p := &partial{fieldNames: fieldNames{b, sel}, split: divisible(b), keys: make(map[string]string), values: make(map[string]string), rounds: rounds}
	if p.split == nil || !p.isJoinable() || !p.addKeys() || !p.check() {
		return nil
	}
	return p
}

// divisible returns the one split source of a block whose other sources are
// whole tables, if the rows that are joined are those of the source's
// placements joined one by one; else nil.
func divisible(b *resolve.Block) *resolve.Source {
	var split *resolve.Source
	for _, s := range b.Sources {
		switch {
		case s.Table == nil:
			return nil
		case len(s.Table.Placements) < 2:
		case split != nil || !preserved(b.Joins, s):
			return nil
		default:
			split = s
		}
	}
	return split
}

// preserved reports whether no outer join makes NULLs of a source's missing
// rows.
func preserved(op *resolve.Operand, s *resolve.Source) bool {
	if op.Source != nil {
		return op.Source == s
	}
	return op.Join.Tp != ast.RightJoin && preserved(op.Left, s) || op.Join.Tp != ast.LeftJoin && preserved(op.Right, s)
}

// isJoinable reports whether the parts can be joined and filtered as the whole
// is.
func (p *partial) isJoinable() bool {
	_, conditions := tree.Leaves(p.sel.From.TableRefs)
	if p.sel.Where != nil {
		conditions = append(conditions, p.sel.Where)
	}
	return !p.block.Merges && !slices.ContainsFunc(conditions, func(e ast.ExprNode) bool { return !p.block.Local(e) })
}

// statement returns the SELECT of the parts from whatever stands in the place
// of the block's FROM.
func (p *partial) statement(from *ast.Join) *ast.SelectStmt {
	sel := &ast.SelectStmt{
		SelectStmtOpts: p.sel.SelectStmtOpts, Fields: &ast.FieldList{Fields: p.fields},
		From: &ast.TableRefsClause{TableRefs: from}, Where: p.sel.Where,
	}
	if len(p.group) > 0 {
		sel.GroupBy = &ast.GroupByClause{}
		for _, e := range p.group {
			sel.GroupBy.Items = append(sel.GroupBy.Items, &ast.ByItem{Expr: e, NullOrder: true})
		}
	}
	return sel
}
