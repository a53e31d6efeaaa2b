package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// keyset gathers, for each source, the columns by which it is joined with
// each other source.
type keyset struct {
	of    map[*source][][]string
	order map[*source][]*source // the other source of each list
}

// joinKeys returns the columns by which each source is joined: a list for
// each source that it is joined with.
func (g *gatherer) joinKeys() *keyset {
	k := &keyset{of: make(map[*source][][]string), order: make(map[*source][]*source)}
	for _, b := range g.blocks {
		for _, eq := range g.conds[b].equations {
			k.pair(eq.left, eq.right)
		}
		k.using(b.joins)
		for _, clause := range b.clauses() {
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
func (k *keyset) forget(b *block) {
	for _, clause := range b.clauses() {
		tree.Walk(clause, func(n ast.Node) bool {
			if c, ok := n.(*ast.BinaryOperationExpr); ok && c.Op == opcode.NullEQ {
				k.drop(b.ref(c.L))
				k.drop(b.ref(c.R))
			}
			return true
		})
	}
}

func (k *keyset) drop(c *columnRef) {
	if c == nil {
		return
	}
	for i, list := range k.of[c.source] {
		if slices.Contains(list, c.name.Name.L) {
			k.of[c.source][i] = nil
		}
	}
}

// lists returns the columns by which a source is joined.
func (k *keyset) lists(s *source) [][]string { return distinct(k.of[s]) }

func (k *keyset) pair(a, b *columnRef) {
	if a.source == b.source {
		return
	}
	k.add(a.source, b.source, a.name.Name.L)
	k.add(b.source, a.source, b.name.Name.L)
}

func (k *keyset) add(s, other *source, column string) {
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
func (k *keyset) using(op *operand) {
	if op == nil || op.join == nil {
		return
	}
	for _, c := range op.join.Using {
		for _, left := range op.left.having(c.Name.O, nil) {
			for _, right := range op.right.having(c.Name.O, nil) {
				k.add(left, right, c.Name.L)
				k.add(right, left, c.Name.L)
			}
		}
	}
	k.using(op.left)
	k.using(op.right)
}

// having appends the sources of an operand that have a column of that name.
func (op *operand) having(name string, list []*source) []*source {
	if op.source == nil {
		return op.right.having(name, op.left.having(name, list))
	}
	if n, _ := op.source.count(name); n > 0 {
		list = append(list, op.source)
	}
	return list
}

// member adds the columns of x IN (SELECT y …) and x = ANY (SELECT y …).
func (k *keyset) member(g *gatherer, b *block, n ast.Node) {
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
	outer := b.ref(x)
	if inner == nil || outer == nil {
		return
	}
	if own := inner.ref(sel.Fields.Fields[0].Expr); own != nil {
		k.pair(outer, own)
	}
}

// blockOf returns the block of a query inside the statement.
func (g *gatherer) blockOf(node ast.Node) *block {
	for _, b := range g.blocks {
		if b.node == node {
			return b
		}
	}
	return nil
}

// resultKeys returns the columns by which a block's result is joined: where
// it is a derived table or CTE, those of all references to it; of a subquery,
// its column.
func (g *gatherer) resultKeys(b *block) [][]string {
	var lists [][]string
	for _, other := range g.blocks {
		for _, s := range other.from {
			if s.block == b {
				lists = append(lists, g.keys.of[s]...)
			}
		}
	}
	if b.role == roleSubquery && len(b.columns) == 1 {
		lists = append(lists, []string{strings.ToLower(b.columns[0].Name)})
	}
	return slices.DeleteFunc(distinct(lists), func(columns []string) bool {
		return slices.ContainsFunc(columns, func(c string) bool { return !b.has(c) })
	})
}

// has reports whether the block returns a column of that name.
func (b *block) has(column string) bool {
	return slices.ContainsFunc(b.columns, func(c Column) bool { return strings.EqualFold(c.Name, column) })
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
