package tree

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// Using is the last argument of CHAR(… USING charset).
type Using struct {
	Literal // only for what ast.ExprNode asks beyond the methods below
	Expr    ast.ExprNode
	Charset string
}

// Restore implements ast.Node.
func (u *Using) Restore(ctx *format.RestoreCtx) error {
	if err := u.Expr.Restore(ctx); err != nil {
		return err
	}
	ctx.WritePlain(" USING " + u.Charset)
	return nil
}

// Accept implements ast.Node.
func (u *Using) Accept(v ast.Visitor) (ast.Node, bool) {
	node, skip := v.Enter(u)
	if skip {
		return v.Leave(node)
	}
	u = node.(*Using)
	inner, ok := u.Expr.Accept(v)
	if !ok {
		return u, false
	}
	u.Expr = inner.(ast.ExprNode)
	return v.Leave(u)
}
