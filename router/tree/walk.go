package tree

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Walk calls f with the node and all below it that belong to the same query
// block: of a subquery it sees the expression, and nothing inside. Where f
// returns false, it does not descend.
func Walk(node ast.Node, f func(ast.Node) bool) { node.Accept(&walker{f}) }

type walker struct{ f func(ast.Node) bool }

// Enter implements ast.Visitor.
func (w *walker) Enter(n ast.Node) (ast.Node, bool) {
	descend := w.f(n)
	_, sub := n.(*ast.SubqueryExpr)
	return n, sub || !descend
}

// Leave implements ast.Visitor.
func (w *walker) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// Bare returns an expression without the parentheses around it.
func Bare(e ast.ExprNode) ast.ExprNode {
	for {
		p, ok := e.(*ast.ParenthesesExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// PlainColumn returns the column name that an expression is, but for
// parentheses, or nil.
func PlainColumn(e ast.ExprNode) *ast.ColumnName {
	if c, ok := Bare(e).(*ast.ColumnNameExpr); ok {
		return c.Name
	}
	return nil
}

// HasColumn reports whether an expression names a column.
func HasColumn(e ast.ExprNode) bool {
	found := false
	Walk(e, func(n ast.Node) bool {
		_, is := n.(*ast.ColumnName)
		found = found || is
		return !found
	})
	return found
}

// IsConstant reports whether an expression is a literal, but for parentheses.
func IsConstant(e ast.ExprNode) bool { _, ok := Bare(e).(*Literal); return ok }

// WholeNumber returns the value of a literal that is a whole number from 0.
func WholeNumber(e ast.ExprNode) (uint64, bool) {
	l, ok := e.(*Literal)
	if !ok {
		return 0, false
	}
	switch l.Value.(type) {
	case uint64:
		return l.Read().(uint64), true
	case int64:
		n := l.Read().(int64)
		return uint64(n), n >= 0
	}
	return 0, false
}

// FieldName returns the name of a select field's column where the field says
// it: its alias, or else the name of the column that it is.
func FieldName(f *ast.SelectField) ast.CIStr {
	if f.AsName.O == "" && f.Expr != nil {
		if n := PlainColumn(f.Expr); n != nil {
			return n.Name
		}
	}
	return f.AsName
}

// IsStar reports whether a select field is * or t.*.
func IsStar(f *ast.SelectField) bool { return f.WildCard != nil }

// IsName reports whether a name, of a column or an alias, is the given one.
func IsName(n ast.CIStr, name string) bool { return strings.EqualFold(n.O, name) }

// Present returns those of the nodes that are not nil.
func Present(nodes ...ast.Node) []ast.Node {
	var list []ast.Node
	for _, n := range nodes {
		if n != nil {
			list = append(list, n)
		}
	}
	return list
}

// OrNil turns a nil pointer to a clause into a nil node.
func OrNil[T any, P interface {
	*T
	ast.Node
}](clause P) ast.Node {
	if clause == nil {
		return nil
	}
	return clause
}

// accept visits an expression, which may be missing.
func accept(v ast.Visitor, e *ast.ExprNode) bool {
	if *e == nil {
		return true
	}
	n, ok := (*e).Accept(v)
	if ok {
		*e = n.(ast.ExprNode)
	}
	return ok
}
