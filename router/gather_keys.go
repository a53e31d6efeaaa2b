package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// keyset gathers, for each source, the columns by which it is joined with
// each other source.
type keyset struct {
	of    map[*resolve.Source][][]string
	order map[*resolve.Source][]*resolve.Source // the other source of each list
}

// joinKeys returns the columns by which each source is joined: a list for
// each source that it is joined with.
func (g *gatherer) joinKeys() *keyset {
	k := &keyset{of: make(map[*resolve.Source][][]string), order: make(map[*resolve.Source][]*resolve.Source)}
	for _, b := range g.blocks {
		for _, eq := range g.conds[b].Equations {
			k.pair(eq.Left, eq.Right)
		}
		k.using(b.Joins)
		for _, clause := range b.Clauses() {
			tree.Walk(clause, func(n ast.Node) bool {
				k.member(g, b, n)
				return true
			})
		}
	}
	for _, b := range g.blocks {
		k.forget(b)
	}
	return k
}

// forget drops the keys of columns that are compared by <=>: with a key,
// MariaDB takes x <=> y AND x = y for x <=> y.
func (k *keyset) forget(b *resolve.Block) {
	for _, clause := range b.Clauses() {
		tree.Walk(clause, func(n ast.Node) bool {
			if c, ok := n.(*ast.BinaryOperationExpr); ok && c.Op == opcode.NullEQ {
				k.drop(b.Ref(c.L))
				k.drop(b.Ref(c.R))
			}
			return true
		})
	}
}

func (k *keyset) drop(c *resolve.ColumnRef) {
	if c == nil {
		return
	}
	for i, list := range k.of[c.Source] {
		if slices.Contains(list, c.Name.Name.L) {
			k.of[c.Source][i] = nil
		}
	}
}

// lists returns the columns by which a source is joined.
func (k *keyset) lists(s *resolve.Source) [][]string { return distinct(k.of[s]) }

func (k *keyset) pair(a, b *resolve.ColumnRef) {
	if a.Source == b.Source {
		return
	}
	k.add(a.Source, b.Source, a.Name.Name.L)
	k.add(b.Source, a.Source, b.Name.Name.L)
}

func (k *keyset) add(s, other *resolve.Source, column string) {
	i := slices.Index(k.order[s], other)
	if i < 0 {
		i = len(k.order[s])
		k.order[s] = append(k.order[s], other)
		k.of[s] = append(k.of[s], nil)
	}
	if !slices.Contains(k.of[s][i], column) {
		k.of[s][i] = append(k.of[s][i], column)
	}
}

// using adds the columns that USING names.
func (k *keyset) using(op *resolve.Operand) {
	if op == nil || op.Join == nil {
		return
	}
	for _, c := range op.Join.Using {
		for _, left := range op.Left.Having(c.Name.O, nil) {
			for _, right := range op.Right.Having(c.Name.O, nil) {
				k.add(left, right, c.Name.L)
				k.add(right, left, c.Name.L)
			}
		}
	}
	k.using(op.Left)
	k.using(op.Right)
}

// member adds the columns of x IN (SELECT y …) and x = ANY (SELECT y …).
func (k *keyset) member(g *gatherer, b *resolve.Block, n ast.Node) {
	var x, sub ast.ExprNode
	switch n := n.(type) {
	case *ast.PatternInExpr:
		x, sub = n.Expr, n.Sel
	case *ast.CompareSubqueryExpr:
		if n.Op == opcode.EQ {
			x, sub = n.L, n.R
		}
	}
	query, ok := sub.(*ast.SubqueryExpr)
	if !ok {
		return
	}
	sel, ok := query.Query.(*ast.SelectStmt)
	if !ok || sel.Fields == nil || len(sel.Fields.Fields) != 1 || sel.Fields.Fields[0].WildCard != nil {
		return
	}
	inner := g.blockOf(sel)
	outer := b.Ref(x)
	if inner == nil || outer == nil {
		return
	}
	if own := inner.Ref(sel.Fields.Fields[0].Expr); own != nil {
		k.pair(outer, own)
	}
}

// blockOf returns the block of a query inside the statement.
func (g *gatherer) blockOf(node ast.Node) *resolve.Block {
	for _, b := range g.blocks {
		if b.Node == node {
			return b
		}
	}
	return nil
}

// resultKeys returns the columns by which a block's result is joined: where
// it is a derived table or CTE, those of all references to it; of a subquery,
// its column.
func (g *gatherer) resultKeys(b *resolve.Block) [][]string {
	var lists [][]string
	for _, other := range g.blocks {
		for _, s := range other.Sources {
			if s.Block == b {
				lists = append(lists, g.keys.of[s]...)
			}
		}
	}
	if b.Role == resolve.Subquery && len(b.Columns) == 1 {
		lists = append(lists, []string{strings.ToLower(b.Columns[0].Name)})
	}
	return slices.DeleteFunc(distinct(lists), func(columns []string) bool {
		return slices.ContainsFunc(columns, func(c string) bool { return !returns(b, c) })
	})
}

// returns reports whether a block returns a column of that name.
func returns(b *resolve.Block, column string) bool {
	return slices.ContainsFunc(b.Columns, func(c Column) bool { return strings.EqualFold(c.Name, column) })
}

// distinct drops lists that are repeated, or that begin a longer one.
func distinct(lists [][]string) [][]string {
	var kept [][]string
	for i, list := range lists {
		if len(list) == 0 {
			continue
		}
		covered := slices.ContainsFunc(lists[:i], func(l []string) bool { return startsWith(l, list) }) ||
			slices.ContainsFunc(lists[i+1:], func(l []string) bool { return len(l) > len(list) && startsWith(l, list) })
		if !covered {
			kept = append(kept, list)
		}
	}
	return kept
}

// startsWith reports whether a list begins with another.
func startsWith(list, head []string) bool {
	return len(head) <= len(list) && slices.Equal(list[:len(head)], head)
}
