package router

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// binder is a visitor that resolves the names in the expressions of one block:
// it gives column names the qualifier that the restored text knows, and
// resolves subqueries.
type binder struct {
	r     *resolver
	ctes  *cte
	scope *scope
	block *block
	err   error
}

// visit resolves the names in the given nodes, skipping nil ones.
func (v *binder) visit(nodes ...ast.Node) error {
	for _, n := range nodes {
		if n == nil {
			continue
		}
		if n.Accept(v); v.err != nil {
			return v.err
		}
	}
	return nil
}

// Enter implements ast.Visitor.
func (v *binder) Enter(node ast.Node) (ast.Node, bool) {
	if v.err != nil {
		return node, true
	}
	switch n := node.(type) {
	case *ast.SubqueryExpr:
		v.err = v.subquery(n)
		return node, true
	case *ast.ColumnName:
		v.err = v.column(n)
	case *ast.DefaultExpr: // does not show its name to visitors
		v.err = v.column(n.Name)
	case *ast.AggregateFuncExpr, *ast.WindowFuncExpr:
		v.block.aggregate = true
	case *ast.FuncCallExpr:
		v.block.call(n)
	case *ast.TableName:
		v.err = fault.New(fault.Unsupported, "a table name outside FROM is not supported")
	}
	return node, v.err != nil
}

// Leave implements ast.Visitor.
func (v *binder) Leave(node ast.Node) (ast.Node, bool) { return node, v.err == nil }

func (v *binder) subquery(n *ast.SubqueryExpr) error {
	b, err := v.r.query(n.Query, env{ctes: v.ctes, outer: v.scope})
	if err != nil {
		return err
	}
	b.role = roleSubquery
	v.block.inner = append(v.block.inner, b)
	return nil
}

func (v *binder) column(n *ast.ColumnName) error {
	if n == nil {
		return nil
	}
	if catalog.IsHidden(n.Name.L) {
		return unknownColumn(n)
	}
	if n.Table.O == "" {
		return nil
	}
	s := v.scope.source(n.Table.O)
	if n.Schema.O != "" && !v.r.ours(n.Schema.O, s) {
		return unknownColumn(n)
	}
	n.Schema = ast.CIStr{}
	if s != nil && s.name != n.Table.O {
		n.Table = ast.NewCIStr(s.name)
	}
	return nil
}

// ours reports whether a column's or wildcard's database qualifier may stand
// before a name of the source.
func (r *resolver) ours(schema string, s *source) bool {
	return schema == "" || schema == r.database || s != nil && s.table != nil && s.table.Database == schema
}

func unknownColumn(n *ast.ColumnName) *fault.Error {
	return fault.New(fault.UnknownColumn, "unknown column `%s`", n.OrigColName())
}

// call notes what a call of a function makes of the block.
func (b *block) call(n *ast.FuncCallExpr) {
	name := n.FnName.L
	b.volatile = b.volatile || isVolatile(name)
	b.sequence = b.sequence || name == "rand" && len(n.Args) > 0
	b.clock = b.clock || isClock(name)
}

// isClock reports whether a function, in lower case, depends on the time at
// which its statement began.
func isClock(function string) bool {
	switch function {
	case "now", "current_timestamp", "localtime", "localtimestamp", "curdate", "current_date", "curtime", "current_time",
		"utc_date", "utc_time", "utc_timestamp", "unix_timestamp":
		return true
	}
	return false
}

// isVolatile reports whether a function, in lower case, may return another
// value at each call within one statement.
func isVolatile(function string) bool {
	switch function {
	case "rand", "random_bytes", "sysdate", "uuid", "uuid_short":
		return true
	}
	return false
}

// spelledField has the nodes of a select field that names one column, in one
// piece of memory: a wide table needs a thousand of them.
type spelledField struct {
	field ast.SelectField
	expr  ast.ColumnNameExpr
	name  ast.ColumnName
}

// of makes the field name a source's column, and returns it.
func (f *spelledField) of(s *source, column string) *ast.SelectField {
	f.name.Table, f.name.Name = ast.NewCIStr(s.name), ast.NewCIStr(column)
	f.expr.Name = &f.name
	f.field.Expr = &f.expr
	return &f.field
}

// spellNatural turns NATURAL into USING: a server that shows hidden columns
// would join on those too.
func (r *resolver) spellNatural(op *operand) error {
	first, second, known, err := r.visibleOperands(op)
	if err != nil {
		return err
	}
	shared, unique := mergedNames(op.join, first, second)
	if !known || !unique {
		return fault.New(fault.Unsupported, "NATURAL JOIN is not supported where the tables' columns cannot be told or are ambiguous: use USING or ON")
	}
	op.join.NaturalJoin = false
	if op.join.Tp == 0 {
		op.join.Tp = ast.CrossJoin
	}
	for _, c := range first {
		if shared[strings.ToLower(c.name)] {
			op.join.Using = append(op.join.Using, &ast.ColumnName{Name: ast.NewCIStr(c.name)})
		}
	}
	if len(op.join.Using) == 0 && op.join.Tp != ast.CrossJoin {
		joinAll(op)
	}
	return nil
}

// joinAll makes an outer join one without condition. Of a RIGHT JOIN, NATURAL
// shows the right operand's columns first: so does the LEFT JOIN that it is.
func joinAll(op *operand) {
	if op.join.Tp == ast.RightJoin {
		op.join.Left, op.join.Right = op.join.Right, op.join.Left
		op.left, op.right = op.right, op.left
		op.join.Tp = ast.LeftJoin
	}
	op.join.On = &ast.OnCondition{Expr: ast.NewValueExpr(int64(1), "", "")}
}
