package router

import (
	"strings"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// settle makes the block compute the whole from the parts.
func (u *parts) settle(table string) {
	w := whole{u.partial, table}
	for _, clause := range w.after() {
		clause.Accept(w)
	}
	if w.sel.GroupBy != nil {
		for _, item := range w.sel.GroupBy.Items {
			if key := w.keys[w.text(item.Expr)]; key != "" && w.grouped(item.Expr) == item.Expr {
				item.Expr = w.column(key)
			}
		}
	}
	from := &ast.TableSource{Source: temporaryName(table)}
	w.sel.From = &ast.TableRefsClause{TableRefs: &ast.Join{Left: from}}
	w.sel.Where = nil
}

// whole is a visitor that puts the columns of the parts, in a table, in the
// place of what they hold.
type whole struct {
	*partial
	table string
}

func (w whole) column(name string) ast.ExprNode { return tree.Column(w.table, name) }

// Enter implements ast.Visitor.
func (w whole) Enter(n ast.Node) (ast.Node, bool) {
	e, ok := n.(ast.ExprNode)
	if !ok {
		return n, false
	}
	if key := w.keys[w.text(e)]; key != "" {
		return w.column(key), true
	}
	if a, ok := e.(*ast.AggregateFuncExpr); ok {
		return w.aggregate(a), true
	}
	return n, false
}

// Leave implements ast.Visitor.
func (w whole) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// count makes a count of a sum of counts, which is a DECIMAL. Where rows are
// grouped for the sake of a DISTINCT alone, of no rows there is no part.
func (w whole) count(sum ast.ExprNode) ast.ExprNode {
	var count ast.ExprNode = &ast.FuncCastExpr{Expr: sum, Tp: types.NewFieldType(mysql.TypeLonglong), FunctionType: ast.CastFunction}
	if w.sel.GroupBy == nil && len(w.group) > 0 {
		zero := tree.NewLiteral(int64(0))
		count = &ast.FuncCallExpr{FnName: tree.Functions["coalesce"].Name, Args: []ast.ExprNode{count, zero}, Tp: ast.FuncCallExprTypeKeyword}
	}
	return count
}

// aggregate returns the aggregate of parts that is equal to an aggregate of rows.
func (w whole) aggregate(a *ast.AggregateFuncExpr) ast.ExprNode {
	name := strings.ToLower(a.F)
	if a.Distinct && name != "min" && name != "max" {
		args := make([]ast.ExprNode, len(a.Args))
		for i, e := range a.Args {
			args[i] = w.column(w.keys[w.text(e)])
		}
		return &ast.AggregateFuncExpr{F: a.F, Args: args, Distinct: true}
	}
	over := func(f string, of *ast.AggregateFuncExpr) ast.ExprNode {
		return &ast.AggregateFuncExpr{F: f, Args: []ast.ExprNode{w.column(w.value(of))}}
	}
	switch name {
	case "count":
		return w.count(over("SUM", a))
	case "avg":
		sum, count := averageOf(a)
		return &ast.ParenthesesExpr{Expr: &ast.BinaryOperationExpr{Op: opcode.Div, L: over("SUM", sum), R: over("SUM", count)}}
	}
	return over(a.F, a)
}
