package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// fieldNames tells what names mean in those clauses of a SELECT where they may
// mean its select fields: GROUP BY, HAVING and ORDER BY.
type fieldNames struct {
	block *resolve.Block
	sel   *ast.SelectStmt
}

// aliased returns the expression of the select field that bears a name as its
// alias, or nil.
func (f fieldNames) aliased(n *ast.ColumnName) ast.ExprNode {
	if n.Table.O != "" {
		return nil
	}
	for _, field := range f.sel.Fields.Fields {
		if !tree.IsStar(field) && tree.IsName(tree.FieldName(field), n.Name.O) {
			return field.Expr
		}
	}
	return nil
}

// at returns the expression of the nth select field, from 1, or nil.
func (f fieldNames) at(n int) ast.ExprNode {
	if n < 1 || n > len(f.sel.Fields.Fields) {
		return nil
	}
	return f.sel.Fields.Fields[n-1].Expr
}

// grouped returns the expression that an item of GROUP BY stands for: a number
// and, where it is no column, a name are those of a select field.
func (f fieldNames) grouped(e ast.ExprNode) ast.ExprNode {
	switch n := tree.Bare(e).(type) {
	case *ast.PositionExpr:
		return f.at(n.N)
	case *ast.ColumnNameExpr:
		if !f.block.Finds(n.Name) {
			return f.aliased(n.Name)
		}
	}
	return e
}

// ordered returns what an item of ORDER BY sorts by, as an expression over the
// sources, or nil where that is not sure. A name means a select field first,
// inside an expression too.
func (f fieldNames) ordered(e ast.ExprNode) ast.ExprNode {
	if n, ok := tree.Bare(e).(*ast.PositionExpr); ok {
		if slices.ContainsFunc(f.sel.Fields.Fields, tree.IsStar) {
			return nil
		}
		e = f.at(n.N)
	} else if n := tree.PlainColumn(e); n != nil {
		if field := f.aliased(n); field != nil {
			e = field
		}
	} else if !f.unaliased(e) {
		return nil
	}
	if e == nil || !f.block.Local(e) {
		return nil
	}
	return e
}

// unaliased reports whether no name in a clause is that of a select field with
// another meaning.
func (f fieldNames) unaliased(clause ast.Node) bool {
	ok := true
	tree.Walk(clause, func(n ast.Node) bool {
		if c, is := n.(*ast.ColumnNameExpr); is {
			ok = ok && f.unambiguous(c)
		}
		return ok
	})
	return ok
}

// unambiguous reports whether an expression is no name, or not that of a select
// field with another meaning as well.
func (f fieldNames) unambiguous(e ast.ExprNode) bool {
	n := tree.PlainColumn(e)
	if n == nil {
		return true
	}
	field := f.aliased(n)
	return field == nil || f.text(field) == f.text(e)
}

// text is the same for expressions of the block that are the same but for
// parentheses around them and for qualifiers: what it prints is followed by the
// sources of the columns.
func (f fieldNames) text(e ast.ExprNode) string {
	text, err := tree.Unqualified(tree.Bare(e))
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(text)
	tree.Walk(e, func(n ast.Node) bool {
		if name, ok := n.(*ast.ColumnName); ok {
			b.WriteByte(0)
			if found := f.block.Bind(name); found != nil && name.Table.O == "" {
				b.WriteString(found.Name)
			} else {
				b.WriteString(name.Table.O)
			}
		}
		return true
	})
	return b.String()
}
