package router

import (
	"strings"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// isLengthless reports whether the lengths to which columns of text are
// declared can be told from nothing that a statement returns.
//
// They mostly can't, but a recursive CTE's columns are as long as those of
// its first SELECT, and some functions foresee too short a result where an
// argument is declared short: JSON_ARRAY forgets the backslashes, REPLACE
// that what it replaces may be shorter than declared. What such a text goes
// through, a derived table or a group, then cuts it.
func isLengthless(statement ast.Node) bool {
	l := lengths{}
	statement.Accept(&l)
	return !l.told
}

// lengths looks for what may tell the declared lengths of columns.
type lengths struct{ told bool }

// Enter implements ast.Visitor.
func (l *lengths) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.WithClause:
		l.told = l.told || n.IsRecursive
	case *ast.FuncCallExpr:
		l.call(tree.Functions[n.FnName.L])
	case *ast.AggregateFuncExpr:
		l.call(tree.Aggregates[strings.ToLower(n.F)])
	case *ast.WindowFuncExpr:
		l.call(tree.Windows[strings.ToLower(n.Name)])
	case *ast.FuncCastExpr:
		l.told = l.told || n.FunctionType == ast.CastConvertFunction || n.FunctionType == ast.CastFunction && isCut(n.Tp)
	case *ast.RowExpr:
		l.told = true
	}
	return n, l.told
}

// Leave implements ast.Visitor.
func (l *lengths) Leave(n ast.Node) (ast.Node, bool) { return n, true }

func (l *lengths) call(f *tree.Function) { l.told = l.told || !f.Is(tree.Foreseen) }

// isCut reports whether the type of a CAST is BINARY(n).
func isCut(t *types.FieldType) bool {
	return t.GetType() == mysql.TypeString && t.GetCharset() == "binary"
}
