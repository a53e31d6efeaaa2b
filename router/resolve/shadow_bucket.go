package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// countColumn is the name, in a derived table of ours, of the count of a
// bucket's rows.
const countColumn = catalog.ReservedPrefix + "_n"

// readBucket has the block count by the buckets of a timestamp, if it names
// that and the key alone, and counts rows by what is the same for all times of
// a bucket:
//
//	SELECT DATE_FORMAT(at, '%H') AS h, COUNT(*) FROM t WHERE at < … GROUP BY h
//
// becomes, with the buckets' counts summed up,
//
//	SELECT DATE_FORMAT(`#3h`, '%H') AS h, CAST(SUM(n) AS SIGNED)
//	FROM (SELECT `#3h`, COUNT(*) AS n FROM t WHERE at < … GROUP BY `#3h`) AS t GROUP BY h
func (r *shadowReader) readBucket(res *resolver) error {
	if len(r.used) != 1 || r.sel.GroupBy == nil || r.sel.GroupBy.Rollup || r.sel.Distinct || len(r.sel.WindowSpecs) > 0 || !r.wholly() {
		return nil
	}
	for i := len(catalog.Buckets) - 1; i >= 0; i-- { // the coarsest has the fewest
		s, ok := r.source.Table.Shadow(r.used[0], catalog.Buckets[i])
		if !ok || !s.Usable || !r.countsBy(s) {
			continue
		}
		where, ok := r.bounded(s)
		if !ok {
			return nil
		}
		return r.derive(res, s, where)
	}
	return nil
}

// wholly reports whether all names that the block's fields are told by are
// given: the text of those that are not would change.
func (r *shadowReader) wholly() bool {
	for _, f := range r.sel.Fields.Fields {
		if f.AsName.O == "" {
			return false
		}
	}
	return true
}

// countsBy reports whether what the block makes of its groups' rows is their
// count, and things that are the same for all times of a bucket.
func (r *shadowReader) countsBy(s catalog.Shadow) bool {
	ok := true
	for _, clause := range tree.Present(tree.OrNil(r.sel.Fields), tree.OrNil(r.sel.GroupBy), tree.OrNil(r.sel.Having), tree.OrNil(r.sel.OrderBy)) {
		tree.Walk(clause, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ColumnName:
				ok = ok && r.block.scope.bind(n).scope == nil // an alias
			case *ast.AggregateFuncExpr:
				ok = ok && countsRows(n)
				return false
			case *ast.WindowFuncExpr, *ast.SubqueryExpr:
				ok = false
			case ast.ExprNode:
				if of := bucketed(n, s.Bucket); of != nil && r.isColumn(of) {
					return false
				}
			}
			return ok
		})
	}
	return ok
}

// isColumn reports whether an expression is the timestamp.
func (r *shadowReader) isColumn(e ast.ExprNode) bool {
	n := tree.PlainColumn(e)
	return n != nil && n.Name.L == r.used[0] && r.block.Bind(n) == r.source
}

// countsRows reports whether an aggregate is COUNT(*), or of a constant.
func countsRows(n *ast.AggregateFuncExpr) bool {
	if !strings.EqualFold(n.F, ast.AggFuncCount) || n.Distinct || n.Order != nil || len(n.Args) != 1 {
		return false
	}
	l, ok := n.Args[0].(*tree.Literal)
	return ok && l.Value != nil
}

// derive puts the buckets and their counts in the place of the block's table.
func (r *shadowReader) derive(res *resolver, s catalog.Shadow, where ast.ExprNode) error {
	name := r.source.Name
	inner := &ast.SelectStmt{
		SelectStmtOpts: &ast.SelectStmtOpts{SQLCache: true},
		Fields: &ast.FieldList{Fields: []*ast.SelectField{
			tree.Field(name, s.Name()),
			{Expr: &ast.AggregateFuncExpr{F: "COUNT", Args: []ast.ExprNode{tree.NewLiteral(1)}}, AsName: ast.NewCIStr(countColumn)},
		}},
		From:    r.sel.From,
		Where:   where,
		GroupBy: &ast.GroupByClause{Items: []*ast.ByItem{{Expr: tree.Column(name, s.Name()), NullOrder: true}}},
	}
	res.shadows = true
	defer func() { res.shadows = false }()
	b, err := res.query(inner, env{})
	if err != nil {
		return err
	}
	b.Role = Derived
	ref := &ast.TableSource{Source: inner, AsName: ast.NewCIStr(name)}
	r.sel.From = &ast.TableRefsClause{TableRefs: &ast.Join{Left: ref}}
	r.sel.Where = nil
	for _, clause := range tree.Present(tree.OrNil(r.sel.Fields), tree.OrNil(r.sel.GroupBy), tree.OrNil(r.sel.Having), tree.OrNil(r.sel.OrderBy)) {
		rename(r.used[0], s.Name(), clause)
		clause.Accept(summing{name})
	}
	r.block.reads(&Source{Name: name, Ref: ref, Block: b, Columns: named(b.Columns)})
	return nil
}

// reads makes a derived table the block's only source.
func (b *Block) reads(s *Source) {
	b.Inner = append(b.Inner, s.Block)
	b.Sources, b.Joins, b.tables = []*Source{s}, &Operand{Source: s}, nil
	b.scope.sources, b.scope.from = b.Sources, b.Joins
}

// summing is a visitor that puts sums of buckets' counts in the place of the
// counts of rows.
type summing struct{ table string }

// Enter implements ast.Visitor.
func (v summing) Enter(n ast.Node) (ast.Node, bool) {
	if _, ok := n.(*ast.AggregateFuncExpr); !ok {
		return n, false
	}
	sum := &ast.AggregateFuncExpr{F: "SUM", Args: []ast.ExprNode{tree.Column(v.table, countColumn)}}
	return &ast.FuncCastExpr{Expr: sum, Tp: types.NewFieldType(mysql.TypeLonglong), FunctionType: ast.CastFunction}, true
}

// Leave implements ast.Visitor.
func (summing) Leave(n ast.Node) (ast.Node, bool) { return n, true }
