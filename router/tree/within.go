package tree

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// Within is the argument of a percentile, with the order in which that is
// looked for: PERCENTILE_CONT(share) WITHIN GROUP (ORDER BY by).
type Within struct {
	Literal   // only for what ast.ExprNode asks beyond the methods below
	Share, By ast.ExprNode
	Desc      bool
}

// Restore implements ast.Node. The parentheses around the whole are printed
// with the function.
func (w *Within) Restore(ctx *format.RestoreCtx) error {
	if err := w.Share.Restore(ctx); err != nil {
		return err
	}
	ctx.WritePlain(") WITHIN GROUP (ORDER BY ")
	if err := w.By.Restore(ctx); err != nil {
		return err
	}
	if w.Desc {
		ctx.WritePlain(" DESC")
	}
	return nil
}

// Accept implements ast.Node.
func (w *Within) Accept(v ast.Visitor) (ast.Node, bool) {
	node, skip := v.Enter(w)
	if skip {
		return v.Leave(node)
	}
	w = node.(*Within)
	if !accept(v, &w.Share) || !accept(v, &w.By) {
		return w, false
	}
	return v.Leave(w)
}
