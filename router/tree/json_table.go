package tree

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// JSONTable is a JSON_TABLE(…) in FROM, which the parser does not know. Its
// document may name columns of the tables before it.
type JSONTable struct {
	ast.TableName // for what only the parser's own nodes have
	Document      ast.ExprNode
	Rest          string   // the path and COLUMNS (…), as the guard prints them
	Columns       []string // their names, in the order of *
}

// Restore implements ast.Node.
func (t *JSONTable) Restore(ctx *format.RestoreCtx) error {
	ctx.WriteKeyWord("JSON_TABLE")
	ctx.WritePlain("(")
	if err := t.Document.Restore(ctx); err != nil {
		return err
	}
	ctx.WritePlain("," + t.Rest + ")")
	return nil
}

// Accept implements ast.Node.
func (t *JSONTable) Accept(v ast.Visitor) (ast.Node, bool) {
	n, skip := v.Enter(t)
	if skip {
		return v.Leave(n)
	}
	t = n.(*JSONTable)
	if !accept(v, &t.Document) {
		return t, false
	}
	return v.Leave(t)
}
