package router

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// pairWithSets appends the pairs of own and the sets in which other, which is
// equal to it, has to be.
func (g *gatherer) pairWithSets(pairs [][2]*columnRef, own, other *columnRef, before []*unit) [][2]*columnRef {
	b := g.owner[other.source]
	for _, c := range g.conds[b].of[other.source] {
		if x := memberColumn(c, b); x != nil && x.source == other.source && x.name.Name.L == other.name.Name.L {
			pairs = g.pairWithSet(pairs, own, c, before)
		}
	}
	return pairs
}

// pairWithSet appends the pair of own and the set of a condition x IN (SELECT
// …), if home has the set.
func (g *gatherer) pairWithSet(pairs [][2]*columnRef, own *columnRef, c *condition, before []*unit) [][2]*columnRef {
	in := tree.Bare(c.expr).(*ast.PatternInExpr)
	set := g.blockOf(in.Sel.(*ast.SubqueryExpr).Query)
	if set == nil || len(set.columns) != 1 || !g.hasSet(set, before) {
		return pairs
	}
	set.label()
	set.alias()
	s := &source{name: catalog.ReservedPrefix, columns: set.columns, block: set, ref: &ast.TableSource{Source: in.Sel.(*ast.SubqueryExpr).Query}}
	return append(pairs, [2]*columnRef{own, {s, &ast.ColumnName{Name: ast.NewCIStr(set.columns[0].Name)}}})
}

// hasSet reports whether home has all that a subquery reads, which must be
// nothing of the blocks around it.
func (g *gatherer) hasSet(set *block, before []*unit) bool {
	if slices.ContainsFunc(before, func(u *unit) bool { return u.source == nil && u.block == set }) {
		return true
	}
	tables, _ := set.reach()
	shard, ok := soleShard(tables)
	return ok && shard == g.home && set.closed() && !set.correlated() && !set.any(moody)
}

// moody reports whether a block may have other rows when it is run again on
// the same tables.
func moody(b *block) bool {
	sel, ok := b.node.(*ast.SelectStmt)
	if !ok {
		_, _, limit := tree.SetParts(b.node)
		return b.volatile || limit != nil
	}
	if b.volatile || sel.Limit != nil {
		return true
	}
	if sel.GroupBy == nil && !b.aggregate {
		return false
	}
	return slices.ContainsFunc(sel.Fields.Fields, func(f *ast.SelectField) bool { return !grouped(b, sel, f) })
}

// grouped reports whether a select field is a group key or an aggregate: of
// other columns a server may return any row's.
func grouped(b *block, sel *ast.SelectStmt, f *ast.SelectField) bool {
	if _, ok := tree.Bare(f.Expr).(*ast.AggregateFuncExpr); ok {
		return true
	}
	n := tree.PlainColumn(f.Expr)
	if n == nil || sel.GroupBy == nil {
		return false
	}
	return slices.ContainsFunc(sel.GroupBy.Items, func(item *ast.ByItem) bool {
		key := tree.PlainColumn(item.Expr)
		return key != nil && key.Name.L == n.Name.L && b.bind(key) == b.bind(n)
	})
}

// memberColumn returns x where the condition is x IN (SELECT …).
func memberColumn(c *condition, b *block) *columnRef {
	in, ok := tree.Bare(c.expr).(*ast.PatternInExpr)
	if !ok || in.Not || in.Sel == nil || b.merges {
		return nil
	}
	if _, ok := in.Sel.(*ast.SubqueryExpr); !ok {
		return nil
	}
	return b.ref(in.Expr)
}

// memberFilter returns the keys by which the set of x IN (SELECT …) can be
// narrowed, where rows that are in no such set are of no use. node is the
// statement of the set.
func (g *gatherer) memberFilter(u *unit, node ast.Node, before []*unit) (*Filter, error) {
	if u.block.role != roleSubquery || len(u.block.columns) != 1 || u.rows < fewRows {
		return nil, nil
	}
	set := &source{name: catalog.ReservedPrefix, columns: u.block.columns, ref: &ast.TableSource{}}
	set.ref.Source, _ = node.(ast.ResultSetNode)
	own := &columnRef{set, &ast.ColumnName{Name: ast.NewCIStr(u.block.columns[0].Name)}}
	from := g.best(u, g.members(u.block, own), before)
	if from == nil || set.ref.Source == nil {
		return nil, nil
	}
	wrapped := &unit{source: set, columns: u.block.columns}
	return g.filterBy(wrapped, own, from[1], before)
}

// members returns the pairs of own, the column of a block, and each x where
// x IN (the block) has to be true.
func (g *gatherer) members(set *block, own *columnRef) [][2]*columnRef {
	var pairs [][2]*columnRef
	for _, b := range g.blocks {
		for _, s := range b.from {
			for _, c := range g.conds[b].of[s] {
				if x := memberOf(c, b, set.node); x != nil && x.source == s {
					pairs = append(pairs, [2]*columnRef{own, x})
				}
			}
		}
	}
	return pairs
}

// membersOf returns the pairs for the source of a subquery without groups.
func (g *gatherer) membersOf(u *unit) [][2]*columnRef {
	sel, ok := u.block.node.(*ast.SelectStmt)
	if !ok || u.block.role != roleSubquery || len(u.block.from) != 1 || u.block.stored() || len(sel.Fields.Fields) != 1 {
		return nil
	}
	own := u.block.ref(sel.Fields.Fields[0].Expr)
	if own == nil || own.source != u.source {
		return nil
	}
	return g.members(u.block, own)
}

// memberOf returns x where the condition is x IN (the set).
func memberOf(c *condition, b *block, set ast.Node) *columnRef {
	x := memberColumn(c, b)
	if x == nil || ast.Node(tree.Bare(c.expr).(*ast.PatternInExpr).Sel.(*ast.SubqueryExpr).Query) != set {
		return nil
	}
	return x
}
