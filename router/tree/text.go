package tree

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// Text is a query that has been restored already, as a node of a tree that is
// only restored any more.
func Text(sql string) ast.ResultSetNode { return &restored{sql: sql} }

type restored struct {
	*ast.SelectStmt // nil; makes it a query for the parser's types
	sql             string
}

// Restore implements ast.Node.
func (t *restored) Restore(ctx *format.RestoreCtx) error {
	ctx.WritePlain(t.sql)
	return nil
}

// Accept implements ast.Node. There is nothing below it.
func (t *restored) Accept(v ast.Visitor) (ast.Node, bool) {
	n, _ := v.Enter(t)
	return v.Leave(n)
}
