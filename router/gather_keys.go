package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// joinColumns has, for each source, the columns by which it is joined with each
// other source.
type joinColumns map[*resolve.Source][]columnList

// columnList has the columns, in lower case, by which a source is joined with
// another one.
type columnList struct {
	other   *resolve.Source
	columns []string
}

// joinsOf notes the columns by which a block's sources are joined.
func (g *gatherer) joinsOf(b *resolve.Block, equations []*resolve.Condition) {
	for _, eq := range equations {
		g.pair(eq.Left, eq.Right)
	}
	g.using(b.Joins)
	b.Walk(func(n ast.Node) bool {
		g.member(b, n)
		return true
	})
}

// forget drops the keys of columns that are compared by <=>: with a key,
// MariaDB takes x <=> y AND x = y for x <=> y.
func (k joinColumns) forget(b *resolve.Block) {
	b.Walk(func(n ast.Node) bool {
		if c, ok := n.(*ast.BinaryOperationExpr); ok && c.Op == opcode.NullEQ {
			k.drop(b.Ref(c.L))
			k.drop(b.Ref(c.R))
		}
		return true
	})
}

func (k joinColumns) drop(c *resolve.ColumnRef) {
	if c == nil {
		return
	}
	for i, list := range k[c.Source] {
		if slices.Contains(list.columns, c.Name.Name.L) {
			k[c.Source][i].columns = nil
		}
	}
}

// lists returns the lists of columns by which a source is joined.
func (k joinColumns) lists(s *resolve.Source) [][]string {
	lists := make([][]string, len(k[s]))
	for i, list := range k[s] {
		lists[i] = list.columns
	}
	return lists
}

// lookups has, for each type, those that are looked up in a key as they are
// compared, as far as both servers' lookups went when each type was compared
// with every other one. Between others lookups find less: MySQL and MariaDB
// compare a float with an exact number as floats, by which 9007199254740992 is
// 9007199254740993, but look it up exactly; a time with a number as numbers, but
// look the number up as a time; and MySQL looks up no text that is no number
// where that compares as 0.
var lookups = map[catalog.Type]string{
	catalog.Int: "exact", catalog.Bool: "exact", catalog.Decimal: "exact", catalog.Bit: "exact", catalog.Year: "exact",
	catalog.Float: "float", catalog.Time: "time", catalog.Date: "date", catalog.Timestamp: "date",
	catalog.Text: "text", catalog.Bytes: "bytes",
}

// isLookedUp reports whether a lookup of another column's values in a key of a
// column finds the rows that comparing the two would. A type that is not known, of
// what is computed, is taken for one of the other's kind unless that is a float or
// a time. Texts have the same collation for sure in families alone.
func (g *gatherer) isLookedUp(key, by column) bool {
	text := key.typ == catalog.Text || key.typ == ""
	if g.p.dialect.LooksUpUnpadded && text && !(key.family && by.family) {
		return false
	}
	one, other := lookups[key.typ], lookups[by.typ]
	if key.typ == "" || by.typ == "" {
		known := one + other
		return known != "float" && known != "time"
	}
	return one == other
}

// pair notes that two columns are compared.
func (g *gatherer) pair(a, b *resolve.ColumnRef) {
	if a.Source == b.Source {
		return
	}
	g.lookUp(a.Source, b.Source, columnOf(a), columnOf(b))
	g.lookUp(b.Source, a.Source, columnOf(b), columnOf(a))
}

// lookUp notes a column by which a source may be joined with another one.
func (g *gatherer) lookUp(s, other *resolve.Source, key, by column) {
	if g.isLookedUp(key, by) {
		g.joins.add(s, other, strings.ToLower(key.name))
	}
}

func (k joinColumns) add(s, other *resolve.Source, column string) {
	i := slices.IndexFunc(k[s], func(list columnList) bool { return list.other == other })
	if i < 0 {
		i = len(k[s])
		k[s] = append(k[s], columnList{other: other})
	}
	if list := &k[s][i]; !slices.Contains(list.columns, column) {
		list.columns = append(list.columns, column)
	}
}

// using notes the columns that USING names.
func (g *gatherer) using(op *resolve.Operand) {
	if op == nil || op.Join == nil {
		return
	}
	for _, c := range op.Join.Using {
		for _, left := range op.Left.Having(c.Name.O, nil) {
			for _, right := range op.Right.Having(c.Name.O, nil) {
				l, r := columnNamed(left, c.Name.O), columnNamed(right, c.Name.O)
				g.lookUp(left, right, l, r)
				g.lookUp(right, left, r, l)
			}
		}
	}
	g.using(op.Left)
	g.using(op.Right)
}

// member adds the columns of x IN (SELECT y …) and x = ANY (SELECT y …).
func (g *gatherer) member(b *resolve.Block, n ast.Node) {
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
	block := g.blockOf(query.Query)
	outer, own := b.Ref(x), onlyField(block)
	if outer != nil && own != nil {
		g.pair(outer, own)
	}
	g.unkeyed[block] = g.unkeyed[block] || !g.isLookedUp(columnOf(own), columnOf(outer))
}

// onlyField returns the column that is a SELECT's only field, or nil.
func onlyField(b *resolve.Block) *resolve.ColumnRef {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || len(sel.Fields.Fields) != 1 {
		return nil
	}
	return b.Ref(sel.Fields.Fields[0].Expr)
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
