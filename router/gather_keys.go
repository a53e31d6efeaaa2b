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
		g.joins.pair(eq.Left, eq.Right)
	}
	g.joins.using(b.Joins)
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

// forgetTexts drops the keys of texts, but for those of two families, which have
// one collation.
func (k joinColumns) forgetTexts() {
	for s, lists := range k {
		for i, list := range lists {
			if !isFamily(s) || !isFamily(list.other) {
				lists[i].columns = slices.DeleteFunc(list.columns, func(c string) bool { return isText(typeOf(s, c)) })
			}
		}
	}
}

func isFamily(s *resolve.Source) bool { return s.Table != nil && s.Table.Kind == catalog.Family }

// isText reports whether a type is or may be a text.
func isText(t catalog.Type) bool { return t == catalog.Text || t == "" }

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

// looksUpOther reports whether a lookup by a key may find other rows than
// comparing the columns does. A type that is not known, of what is computed, is
// taken for one of the other's kind unless that is a float or a time.
func looksUpOther(a, b catalog.Type) bool {
	one, other := lookups[a], lookups[b]
	if a == "" || b == "" {
		known := one + other
		return known == "float" || known == "time"
	}
	return one != other
}

func (k joinColumns) pair(a, b *resolve.ColumnRef) {
	if a.Source == b.Source || looksUpOther(a.Type(), b.Type()) {
		return
	}
	k.add(a.Source, b.Source, a.Name.Name.L)
	k.add(b.Source, a.Source, b.Name.Name.L)
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

// using adds the columns that USING names.
func (k joinColumns) using(op *resolve.Operand) {
	if op == nil || op.Join == nil {
		return
	}
	for _, c := range op.Join.Using {
		for _, left := range op.Left.Having(c.Name.O, nil) {
			for _, right := range op.Right.Having(c.Name.O, nil) {
				if !looksUpOther(typeOf(left, c.Name.L), typeOf(right, c.Name.L)) {
					k.add(left, right, c.Name.L)
					k.add(right, left, c.Name.L)
				}
			}
		}
	}
	k.using(op.Left)
	k.using(op.Right)
}

// typeOf returns what is known of the type of a source's column.
func typeOf(s *resolve.Source, name string) catalog.Type {
	for i := range s.Width() {
		if c := s.Column(i); strings.EqualFold(c.Name, name) {
			return c.Type
		}
	}
	return ""
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
		g.joins.pair(outer, own)
	}
	alien := outer == nil || own == nil || !outer.OfFamily() || !own.OfFamily()
	if looksUpOther(knownType(outer), knownType(own)) || g.p.unpadded && alien && isText(knownType(own)) {
		g.unkeyed[block] = true
	}
}

func knownType(c *resolve.ColumnRef) catalog.Type {
	if c == nil {
		return ""
	}
	return c.Type()
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
