package resolve

import (
	"github.com/kolide/databalancer/catalog"
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
	where bool // in a condition on rows
	after bool // in a clause where names may be aliases of select fields
	scale scale
	err   error
}

// bind resolves the names in a block's own expressions.
func (r *resolver) bind(b *Block, e env) error {
	v := binder{r: r, ctes: e.ctes, scope: b.scope, block: b}
	v.scale.enter()
	for clause := range b.clauses {
		v.where, v.after = b.isCondition(clause), namesAliases(clause)
		if clause.Accept(&v); v.err != nil {
			return v.err
		}
	}
	b.nodes = v.scale.all()
	return nil
}

// namesAliases reports whether the names in a clause may be aliases.
func namesAliases(clause ast.Node) bool {
	switch clause.(type) {
	case *ast.GroupByClause, *ast.HavingClause, *ast.OrderByClause:
		return true
	}
	return false
}

// Enter implements ast.Visitor.
func (v *binder) Enter(node ast.Node) (ast.Node, bool) {
	v.scale.enter()
	if v.err != nil {
		return node, true
	}
	switch n := node.(type) {
	case *ast.SubqueryExpr:
		v.err = v.subquery(n)
		return node, true
	case *ast.ColumnName:
		v.err = v.column(n)
		v.scale.name(v.weight(n))
	case *ast.AggregateFuncExpr:
		v.scale.keep()
		v.block.Aggregate = true
		v.block.aggregated(n, v.where)
	case *ast.WindowFuncExpr:
		v.scale.keep()
		v.block.Aggregate = true
	case *ast.FuncCallExpr:
		v.block.call(n)
	case *ast.MatchAgainst:
		v.block.InPlace = "MATCH … AGAINST"
	case *tree.Examined:
		v.block.InPlace = RowsExamined
	case *ast.DefaultExpr:
		v.block.InPlace = "DEFAULT(…)"
		v.err = v.column(n.Name) // which the expression does not visit
	}
	return node, v.err != nil
}

// Leave implements ast.Visitor.
func (v *binder) Leave(node ast.Node) (ast.Node, bool) {
	w := v.scale.leave(node)
	if _, ok := node.(*ast.SelectField); ok {
		v.block.weights = append(v.block.weights, w)
	}
	return node, v.err == nil
}

func (v *binder) subquery(n *ast.SubqueryExpr) error {
	b, err := v.r.query(n.Query, env{ctes: v.ctes, outer: v.scope})
	if err != nil {
		return err
	}
	b.Role = Subquery
	v.block.Inner = append(v.block.Inner, b)
	v.scale.name(b.size.parts)
	return nil
}

func (v *binder) column(n *ast.ColumnName) error {
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

// call notes what a call of a function makes of the block.
func (b *Block) call(n *ast.FuncCallExpr) {
	f := tree.Functions[n.FnName.L]
	b.Volatile = b.Volatile || f.Is(tree.Volatile)
	b.Sequence = b.Sequence || f.Is(tree.Seeded) && len(n.Args) > 0
	b.Clock = b.Clock || f.Is(tree.Clock)
	if f.Is(tree.InPlace) {
		b.InPlace = f.Name.O
	}
}
