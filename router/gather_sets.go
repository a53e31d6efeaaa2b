package router

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// narrowings returns what the rows of a source have to equal.
func (g *gatherer) narrowings(r *rows) []narrowing {
	var all narrowings
	for _, c := range g.conditions[r.source] {
		if x := memberColumn(c, r.block); x != nil && x.Source == r.source {
			all.add(columnOf(x), g.keysOfSet(c))
		}
		if own, other := c.Sides(r.source); own != nil && c.Pure {
			for _, equal := range g.equals(own, other) {
				all.add(columnOf(own), g.keysOf(equal))
				g.narrowBySets(&all, own, equal)
			}
		}
	}
	if own := onlyField(r.block); own != nil && own.Source == r.source && isPlainSet(r.block) {
		g.narrowByMembers(&all, r.block, columnOf(own))
	}
	return all
}

// equals returns other, which own has to be equal to, and all that other has to be
// equal to: of columns that compare alike.
func (g *gatherer) equals(own, other *resolve.ColumnRef) []*resolve.ColumnRef {
	list := []*resolve.ColumnRef{own}
	add := func(c *resolve.ColumnRef) {
		known := slices.ContainsFunc(list, func(r *resolve.ColumnRef) bool { return r.Source == c.Source })
		if !known && alike(columnOf(own), columnOf(c)) {
			list = append(list, c)
		}
	}
	add(other)
	for i := 1; i < len(list); i++ {
		at := list[i]
		for _, c := range g.conditions[at.Source] {
			if this, next := c.Sides(at.Source); this != nil && c.Pure && this.Name.Name.L == at.Name.Name.L {
				add(next)
			}
		}
	}
	return list[1:]
}

// narrowBySets adds the sets in which other, which own is equal to, has to be.
func (g *gatherer) narrowBySets(all *narrowings, own, other *resolve.ColumnRef) {
	b := g.owner[other.Source]
	for _, c := range g.conditions[other.Source] {
		if x := memberColumn(c, b); x != nil && x.Source == other.Source && x.Name.Name.L == other.Name.Name.L {
			all.add(columnOf(own), g.keysOfSet(c))
		}
	}
}

// narrowByMembers adds each x where x IN (the set) has to be true. own is the
// set's column.
func (g *gatherer) narrowByMembers(all *narrowings, set *resolve.Block, own column) {
	for _, b := range g.blocks {
		for _, s := range b.Sources {
			for _, c := range g.conditions[s] {
				if x := memberColumn(c, b); x != nil && x.Source == s && setOf(c) == set.Node {
					all.add(own, g.keysOf(x))
				}
			}
		}
	}
}

// isPlainSet reports whether a block is a subquery whose rows are those of one
// source.
func isPlainSet(b *resolve.Block) bool {
	return b.Role == resolve.Subquery && len(b.Sources) == 1 && !b.Stored()
}

// keysOfSet returns the values of the set of a condition x IN (SELECT …), if
// home has what it reads; else nil.
func (g *gatherer) keysOfSet(c *resolve.Condition) *keys {
	set := g.blockOf(setOf(c))
	columns := set.Result()
	if len(columns) != 1 {
		return nil
	}
	column, after := setColumn(columns[0]), g.tablesOf(set)
	if len(after) == 0 && !g.isHomeSet(set) {
		return nil
	}
	rows := g.resultRows(set)
	return &keys{column: column, rows: rows, from: []held{{alias: column.table, from: set.Query().(ast.ResultSetNode), after: after, rows: rows}}}
}

// setColumn is the only column of a set, as a table.
func setColumn(c Column) column {
	return column{table: catalog.ReservedPrefix, name: c.Name, typ: c.Type}
}

// tablesOf returns the temporary table that holds a block's result, or the
// parts of it, if one does.
func (g *gatherer) tablesOf(b *resolve.Block) []string {
	for _, done := range g.shipped {
		var of *resolve.Block
		switch u := done.unit.(type) {
		case *result:
			of = u.block
		case *parts:
			of = u.block
		}
		if of == b {
			return []string{done.table}
		}
	}
	return nil
}

// isHomeSet reports whether home has all that a subquery reads, which must be
// nothing of the blocks around it, and whether it finds the same each time.
func (g *gatherer) isHomeSet(set *resolve.Block) bool {
	tables, _ := set.Reach()
	return isOn(g.home, tables...) && set.Closed() && !set.Correlated() && !set.Any(moody)
}

// moody reports whether a block may have other rows when it is run again on
// the same tables.
func moody(b *resolve.Block) bool {
	if op, ok := tree.SetOperationOf(b.Node); ok {
		return b.Volatile || op.Limit != nil
	}
	sel := b.Node.(*ast.SelectStmt)
	if b.Volatile || sel.Limit != nil {
		return true
	}
	if sel.GroupBy == nil && !b.Aggregate {
		return false
	}
	return slices.ContainsFunc(sel.Fields.Fields, func(f *ast.SelectField) bool { return !isGrouped(b, sel, f) })
}

// isGrouped reports whether a select field is a group key or an aggregate: of
// other columns a server may return any row's.
func isGrouped(b *resolve.Block, sel *ast.SelectStmt, f *ast.SelectField) bool {
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
	if setOf(c) == nil || b.Merges {
		return nil
	}
	return b.Ref(tree.Bare(c.Expr).(*ast.PatternInExpr).Expr)
}

// setOf returns the query of a condition x IN (SELECT …), nil for another one.
func setOf(c *resolve.Condition) ast.Node {
	in, ok := tree.Bare(c.Expr).(*ast.PatternInExpr)
	if !ok || in.Not {
		return nil
	}
	if sub, ok := in.Sel.(*ast.SubqueryExpr); ok {
		return sub.Query
	}
	return nil
}

// memberFilter returns how the set of x IN (SELECT …) can be narrowed, where
// rows that are in no such set are of no use. statement is that of the set.
func (g *gatherer) memberFilter(r *result, statement ast.Node) (*Filter, error) {
	columns := r.block.Result()
	set, ok := statement.(ast.ResultSetNode)
	if !ok || r.block.Role != resolve.Subquery || len(columns) != 1 || r.rows < fewRows {
		return nil, nil
	}
	own := setColumn(columns[0])
	var all narrowings
	g.narrowByMembers(&all, r.block, own)
	return best(r.rows, all).filter(func(more ...ast.ExprNode) *ast.SelectStmt {
		return tree.Select([]*ast.SelectField{tree.Field(own.table, own.name)}, set, own.table, more)
	})
}
