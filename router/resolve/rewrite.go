package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// binder is a visitor that resolves the names in the expressions of one block:
// it gives column names the qualifier that the restored text knows, and
// resolves subqueries.
type binder struct {
	r     *resolver
	ctes  *CTE
	scope *scope
	block *Block
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
		v.block.Aggregate = true
	case *ast.FuncCallExpr:
		v.block.call(n)
	case *ast.MatchAgainst:
		v.block.Search = true
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
	b.Role = Subquery
	v.block.Inner = append(v.block.Inner, b)
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
	if s != nil && s.Name != n.Table.O {
		n.Table = ast.NewCIStr(s.Name)
	}
	return nil
}

// ours reports whether a column's or wildcard's database qualifier may stand
// before a name of the source.
func (r *resolver) ours(schema string, s *Source) bool {
	return schema == "" || schema == r.database || s != nil && s.Table != nil && s.Table.Database == schema
}

func unknownColumn(n *ast.ColumnName) *fault.Error {
	return fault.New(fault.UnknownColumn, "unknown column `%s`", n.OrigColName())
}

// call notes what a call of a function makes of the block.
func (b *Block) call(n *ast.FuncCallExpr) {
	f := tree.Functions[n.FnName.L]
	b.Volatile = b.Volatile || f.Is(tree.Volatile)
	b.Sequence = b.Sequence || f.Is(tree.Seeded) && len(n.Args) > 0
	b.Clock = b.Clock || f.Is(tree.Clock)
}

// spellNatural turns NATURAL into USING: a server that shows hidden columns
// would join on those too.
func (r *resolver) spellNatural(op *Operand) error {
	first, second, known, err := r.visibleOperands(op)
	if err != nil {
		return err
	}
	shared, unique := mergedNames(op.Join, first, second)
	if !known || !unique {
		return fault.New(fault.Unsupported, "NATURAL JOIN is not supported where the tables' columns cannot be told or are ambiguous: use USING or ON")
	}
	op.Join.NaturalJoin = false
	if op.Join.Tp == 0 {
		op.Join.Tp = ast.CrossJoin
	}
	for _, c := range first {
		if shared[strings.ToLower(c.name)] {
			op.Join.Using = append(op.Join.Using, &ast.ColumnName{Name: ast.NewCIStr(c.name)})
		}
	}
	if len(op.Join.Using) == 0 && op.Join.Tp != ast.CrossJoin {
		joinAll(op)
	}
	return nil
}

// joinAll makes an outer join one without condition. Of a RIGHT JOIN, NATURAL
// shows the right operand's columns first: so does the LEFT JOIN that it is.
func joinAll(op *Operand) {
	if op.Join.Tp == ast.RightJoin {
		op.Join.Left, op.Join.Right = op.Join.Right, op.Join.Left
		op.Left, op.Right = op.Right, op.Left
		op.Join.Tp = ast.LeftJoin
	}
	op.Join.On = &ast.OnCondition{Expr: ast.NewValueExpr(int64(1), "", "")}
}
