package router

import (
	"strings"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// statement returns the SELECT of the parts.
func (p *partial) statement() *ast.SelectStmt {
	sel := *p.sel
	sel.Fields = &ast.FieldList{Fields: p.fields}
	sel.Distinct, sel.GroupBy, sel.Having, sel.OrderBy, sel.Limit, sel.AfterSetOperator = false, nil, nil, nil, nil, nil
	if len(p.group) > 0 {
		sel.GroupBy = &ast.GroupByClause{}
		for _, e := range p.group {
			sel.GroupBy.Items = append(sel.GroupBy.Items, &ast.ByItem{Expr: e, NullOrder: true})
		}
	}
	return &sel
}

// finish makes the block compute the whole from the parts in a temporary
// table.
func (p *partial) finish(table string) {
	p.table = table
	for _, clause := range p.after() {
		clause.Accept(p)
	}
	if p.sel.GroupBy != nil {
		for _, item := range p.sel.GroupBy.Items {
			if key := p.keys[p.text(item.Expr)]; key != "" && p.meant(item.Expr) == item.Expr {
				item.Expr = p.column(key)
			}
		}
	}
	from := &ast.TableSource{Source: &ast.TableName{Name: ast.NewCIStr(table)}}
	p.sel.From = &ast.TableRefsClause{TableRefs: &ast.Join{Left: from}}
	p.sel.Where = nil
}

func (p *partial) column(name string) ast.ExprNode {
	return tree.Column(p.table, name)
}

// Enter implements ast.Visitor: it puts the columns of the parts in the place
// of what they hold.
func (p *partial) Enter(n ast.Node) (ast.Node, bool) {
	e, ok := n.(ast.ExprNode)
	if !ok {
		return n, false
	}
	if key := p.keys[p.text(e)]; key != "" {
		return p.column(key), true
	}
	if a, ok := e.(*ast.AggregateFuncExpr); ok {
		return p.whole(a), true
	}
	return n, false
}

// Leave implements ast.Visitor.
func (p *partial) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// count makes a count of a sum of counts, which is a DECIMAL. Where rows are
// grouped for the sake of a DISTINCT alone, of no rows there is no part.
func (p *partial) count(sum ast.ExprNode) ast.ExprNode {
	var count ast.ExprNode = &ast.FuncCastExpr{Expr: sum, Tp: types.NewFieldType(mysql.TypeLonglong), FunctionType: ast.CastFunction}
	if p.sel.GroupBy == nil && len(p.group) > 0 {
		zero := tree.NewLiteral(int64(0))
		count = &ast.FuncCallExpr{FnName: tree.Functions["coalesce"].Name, Args: []ast.ExprNode{count, zero}, Tp: ast.FuncCallExprTypeKeyword}
	}
	return count
}

// whole returns the aggregate of parts that is equal to an aggregate of rows.
func (p *partial) whole(a *ast.AggregateFuncExpr) ast.ExprNode {
	name := strings.ToLower(a.F)
	if a.Distinct && name != "min" && name != "max" {
		args := make([]ast.ExprNode, len(a.Args))
		for i, e := range a.Args {
			args[i] = p.column(p.keys[p.text(e)])
		}
		return &ast.AggregateFuncExpr{F: a.F, Args: args, Distinct: true}
	}
	over := func(f string, of *ast.AggregateFuncExpr) ast.ExprNode {
		return &ast.AggregateFuncExpr{F: f, Args: []ast.ExprNode{p.column(p.value(of))}}
	}
	switch name {
	case "count":
		return p.count(over("SUM", a))
	case "avg":
		sum, count := averageOf(a)
		return &ast.ParenthesesExpr{Expr: &ast.BinaryOperationExpr{Op: opcode.Div, L: over("SUM", sum), R: over("SUM", count)}}
	}
	return over(a.F, a)
}
