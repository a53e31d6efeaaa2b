package router

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// pairWithSets appends the pairs of own and the sets in which other, which is
// equal to it, has to be.
func (g *gatherer) pairWithSets(pairs [][2]*resolve.ColumnRef, own, other *resolve.ColumnRef, before []*unit) [][2]*resolve.ColumnRef {
	b := g.owner[other.Source]
	for _, c := range g.conds[b].Of[other.Source] {
		if x := memberColumn(c, b); x != nil && x.Source == other.Source && x.Name.Name.L == other.Name.Name.L {
			pairs = g.pairWithSet(pairs, own, c, before)
		}
	}
	return pairs
}

// pairWithSet appends the pair of own and the set of a condition x IN (SELECT
// …), if home has the set.
func (g *gatherer) pairWithSet(pairs [][2]*resolve.ColumnRef, own *resolve.ColumnRef, c *resolve.Condition, before []*unit) [][2]*resolve.ColumnRef {
	in := tree.Bare(c.Expr).(*ast.PatternInExpr)
	set := g.blockOf(in.Sel.(*ast.SubqueryExpr).Query)
	if set == nil || len(set.Columns) != 1 || !g.hasSet(set, before) {
		return pairs
	}
	set.Label()
	set.Alias()
	s := &resolve.Source{Name: catalog.ReservedPrefix, Columns: set.Columns, Block: set, Ref: &ast.TableSource{Source: in.Sel.(*ast.SubqueryExpr).Query}}
	return append(pairs, [2]*resolve.ColumnRef{own, {Source: s, Name: &ast.ColumnName{Name: ast.NewCIStr(set.Columns[0].Name)}}})
}

// hasSet reports whether home has all that a subquery reads, which must be
// nothing of the blocks around it.
func (g *gatherer) hasSet(set *resolve.Block, before []*unit) bool {
	if slices.ContainsFunc(before, func(u *unit) bool { return u.source == nil && u.block == set }) {
		return true
	}
	tables, _ := set.Reach()
	shard, ok := soleShard(tables)
	return ok && shard == g.home && set.Closed() && !set.Correlated() && !set.Any(moody)
}

// moody reports whether a block may have other rows when it is run again on
// the same tables.
func moody(b *resolve.Block) bool {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok {
		_, _, limit := tree.SetParts(b.Node)
		return b.Volatile || limit != nil
	}
	if b.Volatile || sel.Limit != nil {
		return true
	}
	if sel.GroupBy == nil && !b.Aggregate {
		return false
	}
	return slices.ContainsFunc(sel.Fields.Fields, func(f *ast.SelectField) bool { return !grouped(b, sel, f) })
}

// grouped reports whether a select field is a group key or an aggregate: of
// other columns a server may return any row's.
func grouped(b *resolve.Block, sel *ast.SelectStmt, f *ast.SelectField) bool {
	if _, ok := tree.Bare(f.Expr).(*ast.AggregateFuncExpr); ok {
		return true
	}
	n := tree.PlainColumn(f.Expr)
	if n == nil || sel.GroupBy == nil {
		return false
	}
	return slices.ContainsFunc(sel.GroupBy.Items, func(item *ast.ByItem) bool {
		key := tree.PlainColumn(item.Expr)
		return key != nil && key.Name.L == n.Name.L && b.Bind(key) == b.Bind(n)
	})
}

// memberColumn returns x where the condition is x IN (SELECT …).
func memberColumn(c *resolve.Condition, b *resolve.Block) *resolve.ColumnRef {
	in, ok := tree.Bare(c.Expr).(*ast.PatternInExpr)
	if !ok || in.Not || in.Sel == nil || b.Merges {
		return nil
	}
	if _, ok := in.Sel.(*ast.SubqueryExpr); !ok {
		return nil
	}
	return b.Ref(in.Expr)
}

// memberFilter returns the keys by which the set of x IN (SELECT …) can be
// narrowed, where rows that are in no such set are of no use. node is the
// statement of the set.
func (g *gatherer) memberFilter(u *unit, node ast.Node, before []*unit) (*Filter, error) {
	if u.block.Role != resolve.Subquery || len(u.block.Columns) != 1 || u.rows < fewRows {
		return nil, nil
	}
	set := &resolve.Source{Name: catalog.ReservedPrefix, Columns: u.block.Columns, Ref: &ast.TableSource{}}
	set.Ref.Source, _ = node.(ast.ResultSetNode)
	own := &resolve.ColumnRef{Source: set, Name: &ast.ColumnName{Name: ast.NewCIStr(u.block.Columns[0].Name)}}
	from := g.best(u, g.members(u.block, own), before)
	if from == nil || set.Ref.Source == nil {
		return nil, nil
	}
	wrapped := &unit{source: set, columns: u.block.Columns}
	return g.filterBy(wrapped, own, from[1], before)
}

// members returns the pairs of own, the column of a block, and each x where
// x IN (the block) has to be true.
func (g *gatherer) members(set *resolve.Block, own *resolve.ColumnRef) [][2]*resolve.ColumnRef {
	var pairs [][2]*resolve.ColumnRef
	for _, b := range g.blocks {
		for _, s := range b.Sources {
			for _, c := range g.conds[b].Of[s] {
				if x := memberOf(c, b, set.Node); x != nil && x.Source == s {
					pairs = append(pairs, [2]*resolve.ColumnRef{own, x})
				}
			}
		}
	}
	return pairs
}

// membersOf returns the pairs for the source of a subquery without groups.
func (g *gatherer) membersOf(u *unit) [][2]*resolve.ColumnRef {
	sel, ok := u.block.Node.(*ast.SelectStmt)
	if !ok || u.block.Role != resolve.Subquery || len(u.block.Sources) != 1 || u.block.Stored() || len(sel.Fields.Fields) != 1 {
		return nil
	}
	own := u.block.Ref(sel.Fields.Fields[0].Expr)
	if own == nil || own.Source != u.source {
		return nil
	}
	return g.members(u.block, own)
}

// memberOf returns x where the condition is x IN (the set).
func memberOf(c *resolve.Condition, b *resolve.Block, set ast.Node) *resolve.ColumnRef {
	x := memberColumn(c, b)
	if x == nil || ast.Node(tree.Bare(c.Expr).(*ast.PatternInExpr).Sel.(*ast.SubqueryExpr).Query) != set {
		return nil
	}
	return x
}
