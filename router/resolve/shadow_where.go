package resolve

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// bounded returns the block's WHERE with what follows from it for the buckets,
// so that their index is read in that range alone. Without such a bound it
// reports false, unless there is no WHERE: an index of the times might serve
// better.
func (r *shadowReader) bounded(s catalog.Shadow) (where ast.ExprNode, ok bool) {
	if r.sel.Where == nil {
		return nil, true
	}
	conditions := tree.Conjuncts(r.sel.Where)
	for _, c := range conditions {
		if !newCondition(r.block, c).On(r.source) {
			return nil, false
		}
	}
	all := conditions
	for _, c := range conditions {
		all = append(all, r.bounds(c, s)...)
	}
	return tree.Conjunction(all), len(all) > len(conditions)
}

// bounds returns what a condition says of the buckets: they begin no later than
// their times, and not a bucket's length before.
func (r *shadowReader) bounds(c ast.ExprNode, s catalog.Shadow) []ast.ExprNode {
	switch n := tree.Bare(c).(type) {
	case *ast.BetweenExpr:
		if !n.Not && r.isColumn(n.Expr) {
			return append(r.bound(opcode.GE, n.Left, s), r.bound(opcode.LE, n.Right, s)...)
		}
	case *ast.BinaryOperationExpr:
		if r.isColumn(n.L) {
			return r.bound(n.Op, n.R, s)
		}
		if r.isColumn(n.R) {
			return r.bound(turned[n.Op], n.L, s)
		}
	}
	return nil
}

// turned are the comparisons with their sides exchanged.
var turned = map[opcode.Op]opcode.Op{
	opcode.LT: opcode.GT, opcode.LE: opcode.GE, opcode.GT: opcode.LT, opcode.GE: opcode.LE, opcode.EQ: opcode.EQ,
}

// bound returns what a comparison of the times with e says of the buckets.
func (r *shadowReader) bound(op opcode.Op, e ast.ExprNode, s catalog.Shadow) (bounds []ast.ExprNode) {
	if !isMoment(e) {
		return nil
	}
	bucket := tree.Column(r.source.Name, s.Name())
	if op == opcode.LT || op == opcode.LE || op == opcode.EQ {
		bounds = append(bounds, &ast.BinaryOperationExpr{Op: opcode.LE, L: bucket, R: e})
	}
	if op == opcode.GT || op == opcode.GE || op == opcode.EQ {
		unit := map[catalog.Bucket]ast.TimeUnitType{
			catalog.Minute: ast.TimeUnitMinute, catalog.Hour: ast.TimeUnitHour, catalog.Day: ast.TimeUnitDay,
		}[s.Bucket]
		if _, ok := tree.Bare(e).(*tree.Literal); ok { // a text would stay one
			e = &ast.FuncCallExpr{FnName: tree.Functions["timestamp"].Name, Args: []ast.ExprNode{e}}
		}
		earlier := &ast.FuncCallExpr{FnName: tree.Functions["date_sub"].Name,
			Args: []ast.ExprNode{e, tree.NewLiteral(int64(1)), &ast.TimeUnitExpr{Unit: unit}}}
		bounds = append(bounds, &ast.BinaryOperationExpr{Op: opcode.GE, L: bucket, R: earlier})
	}
	return bounds
}

// isMoment reports whether an expression is a time of which it is known how
// servers read it, and of which a day may be taken: a text of one, or the
// present time, and either with an interval.
func isMoment(e ast.ExprNode) bool {
	switch n := tree.Bare(e).(type) {
	case *tree.Literal:
		text, ok := n.Value.(string) // for a hole, too: guard.Time is a kind of its own
		if aligned, zoned := tree.InUTC(text); zoned && n.Hole != nil && n.Hole.UTC {
			text = aligned
		}
		return ok && n.Charset() == "" && tree.IsTime(text)
	case *ast.FuncCallExpr:
		switch n.FnName.L {
		case "now", "current_timestamp", "localtime", "localtimestamp", "utc_timestamp":
			return true
		case "date_sub", "date_add", "adddate", "subdate":
			if len(n.Args) != 3 {
				return false
			}
			amount, whole := tree.WholeNumber(tree.Bare(n.Args[1]))
			_, text := tree.Bare(n.Args[0]).(*tree.Literal)
			return whole && amount <= 100_000 && !text && isMoment(n.Args[0])
		}
	}
	return false
}
