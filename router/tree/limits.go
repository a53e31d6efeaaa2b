package tree

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// What bounds rows otherwise than LIMIT does stands in the place of its count:
// to whoever reads that it is no number, so that nobody pushes or lowers it.

// Ties is the count of [OFFSET skip ROWS] FETCH FIRST rows ROWS WITH TIES, whose
// Limit has no offset of its own.
type Ties struct {
	Literal    // only for what ast.ExprNode asks beyond the methods below
	Skip, Rows ast.ExprNode
}

// Restore implements ast.Node. Only [Restore] leaves out the word LIMIT before it.
func (t *Ties) Restore(ctx *format.RestoreCtx) error {
	if p, ok := ctx.In.(*printer); ok {
		p.limit = false
	}
	if t.Skip != nil {
		ctx.WriteKeyWord("OFFSET ")
		if err := t.Skip.Restore(ctx); err != nil {
			return err
		}
		ctx.WriteKeyWord(" ROWS ")
	}
	ctx.WriteKeyWord("FETCH FIRST ")
	if err := t.Rows.Restore(ctx); err != nil {
		return err
	}
	ctx.WriteKeyWord(" ROWS WITH TIES")
	return nil
}

// Accept implements ast.Node.
func (t *Ties) Accept(v ast.Visitor) (ast.Node, bool) {
	n, skip := v.Enter(t)
	if skip {
		return v.Leave(n)
	}
	t = n.(*Ties)
	if !accept(v, &t.Skip) || !accept(v, &t.Rows) {
		return t, false
	}
	return v.Leave(t)
}

// Examined is the count of LIMIT [rows] ROWS EXAMINED most.
type Examined struct {
	Literal    // only for what ast.ExprNode asks beyond the methods below
	Rows, Most ast.ExprNode
}

// Restore implements ast.Node.
func (e *Examined) Restore(ctx *format.RestoreCtx) error {
	if e.Rows != nil {
		if err := e.Rows.Restore(ctx); err != nil {
			return err
		}
		ctx.WritePlain(" ")
	}
	ctx.WriteKeyWord("ROWS EXAMINED ")
	return e.Most.Restore(ctx)
}

// Accept implements ast.Node.
func (e *Examined) Accept(v ast.Visitor) (ast.Node, bool) {
	n, skip := v.Enter(e)
	if skip {
		return v.Leave(n)
	}
	e = n.(*Examined)
	if !accept(v, &e.Rows) || !accept(v, &e.Most) {
		return e, false
	}
	return v.Leave(e)
}
