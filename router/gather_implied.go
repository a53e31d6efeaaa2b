package router

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// implied returns conditions on a source that follow from equations: with
// a.x = b.y AND a.x = 5, b.y = 5 holds too. They are made only where the two
// columns compare alike, to each other and to the literals.
func (g *gatherer) implied(s *resolve.Source) []ast.ExprNode {
	var more []ast.ExprNode
	for _, eq := range g.conditions[s] {
		own, other := eq.Sides(s)
		if own == nil || !eq.Pure || !alike(columnOf(own), columnOf(other)) {
			continue
		}
		for _, c := range g.conditions[other.Source] {
			if c.On(other.Source) && literalOnly(c, other) {
				more = append(more, substitute(c.Expr, own))
			}
		}
	}
	return more
}

// literalOnly reports whether a condition compares the column itself with
// literals of the column's own kind.
func literalOnly(c *resolve.Condition, column *resolve.ColumnRef) bool {
	kind := column.Type()
	is := func(e ast.ExprNode) bool { return isNamed(e, column) }
	fits := func(list ...ast.ExprNode) bool {
		return !slices.ContainsFunc(list, func(e ast.ExprNode) bool { return !ofKind(e, kind) })
	}
	switch e := tree.Bare(c.Expr).(type) {
	case *ast.BinaryOperationExpr:
		order := e.Op == opcode.LT || e.Op == opcode.LE || e.Op == opcode.GT || e.Op == opcode.GE
		return (e.Op == opcode.EQ || order && kind == catalog.Int) && (is(e.L) && fits(e.R) || is(e.R) && fits(e.L))
	case *ast.PatternInExpr:
		return !e.Not && e.Sel == nil && is(e.Expr) && fits(e.List...)
	case *ast.BetweenExpr:
		return !e.Not && kind == catalog.Int && is(e.Expr) && fits(e.Left, e.Right)
	}
	return false
}

func isNamed(e ast.ExprNode, c *resolve.ColumnRef) bool {
	n := tree.PlainColumn(e)
	return n != nil && n.Name.L == c.Name.Name.L
}

// ofKind reports whether an expression is a literal that compares with a
// column of the type as a value of that type.
func ofKind(e ast.ExprNode, typ catalog.Type) bool {
	if minus, ok := tree.Bare(e).(*ast.UnaryOperationExpr); ok && minus.Op == opcode.Minus {
		e = minus.V
	}
	l, ok := tree.Bare(e).(*tree.Literal)
	if !ok {
		return false
	}
	switch l.Value.(type) {
	case int64, uint64:
		return typ == catalog.Int
	case string:
		return typ == catalog.Text && l.Charset() == ""
	}
	return false
}

// substitute returns a condition with a column in place of the only one that
// it names.
func substitute(e ast.ExprNode, column *resolve.ColumnRef) ast.ExprNode {
	name := tree.Column(column.Source.Name, column.Name.Name.O)
	put := func(e ast.ExprNode) ast.ExprNode {
		if tree.PlainColumn(e) != nil {
			return name
		}
		return e
	}
	switch e := tree.Bare(e).(type) {
	case *ast.BinaryOperationExpr:
		return &ast.BinaryOperationExpr{Op: e.Op, L: put(e.L), R: put(e.R)}
	case *ast.PatternInExpr:
		return &ast.PatternInExpr{Expr: name, List: e.List}
	case *ast.BetweenExpr:
		return &ast.BetweenExpr{Expr: name, Left: e.Left, Right: e.Right}
	}
	return e
}
