package tree

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// Tail is the last argument of an aggregate, with what the parser does not know
// behind it: JSON_ARRAYAGG(x ORDER BY y LIMIT 2).
type Tail struct {
	Literal // only for what ast.ExprNode asks beyond the methods below
	Expr    ast.ExprNode
	Order   *ast.OrderByClause // or nil
	Limit   string             // as it is printed, or nothing
}

// Restore implements ast.Node.
func (t *Tail) Restore(ctx *format.RestoreCtx) error {
	if err := t.Expr.Restore(ctx); err != nil {
		return err
	}
	if t.Order != nil {
		ctx.WritePlain(" ")
		if err := t.Order.Restore(ctx); err != nil {
			return err
		}
	}
	ctx.WritePlain(t.Limit)
	return nil
}

// Accept implements ast.Node.
func (t *Tail) Accept(v ast.Visitor) (ast.Node, bool) {
	node, skip := v.Enter(t)
	if skip {
		return v.Leave(node)
	}
	t = node.(*Tail)
	if !accept(v, &t.Expr) {
		return t, false
	}
	if t.Order != nil {
		order, ok := t.Order.Accept(v)
		if !ok {
			return t, false
		}
		t.Order = order.(*ast.OrderByClause)
	}
	return v.Leave(t)
}
