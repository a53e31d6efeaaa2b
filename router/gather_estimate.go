package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// What a table counts for whose size nobody has measured yet.
const (
	unknownRows  = 100_000
	unknownBytes = 16 << 20
)

// tableSize returns the estimated rows and bytes of a table, neither below 1.
func tableSize(t *catalog.Table) (rows, bytes float64) {
	for _, p := range t.Placements {
		rows += float64(p.Rows)
		bytes += float64(p.Bytes)
	}
	if bytes == 0 {
		return unknownRows, unknownBytes
	}
	return max(rows, 1), bytes
}

// sourceRows estimates the rows of a source that fulfil its conditions.
func (g *gatherer) sourceRows(s *resolve.Source) float64 {
	rows := 0.0
	if s.Table != nil {
		rows, _ = tableSize(s.Table)
	} else if s.Block != nil {
		rows = g.resultRows(s.Block)
	}
	for _, c := range g.conditions[s] {
		if c.On(s) {
			rows *= selectivity(c.Expr, s)
		}
	}
	return max(rows, 1)
}

// selectivity guesses the share of rows that fulfil a condition.
func selectivity(e ast.ExprNode, s *resolve.Source) float64 {
	switch e := tree.Bare(e).(type) {
	case *ast.BinaryOperationExpr:
		return comparison(e, s)
	case *ast.PatternInExpr:
		if !e.Not {
			return min(0.5, equality(e.Expr, s)*float64(len(e.List)))
		}
	case *ast.BetweenExpr:
		if !e.Not {
			return between(e, s)
		}
	case *ast.PatternLikeOrIlikeExpr:
		if !e.Not {
			return 0.1
		}
	case *ast.IsNullExpr:
		if !e.Not {
			return 0.1
		}
	}
	return 0.7
}

func comparison(e *ast.BinaryOperationExpr, s *resolve.Source) float64 {
	switch e.Op {
	case opcode.LogicAnd:
		return selectivity(e.L, s) * selectivity(e.R, s)
	case opcode.LogicOr:
		return min(1, selectivity(e.L, s)+selectivity(e.R, s))
	case opcode.EQ, opcode.NullEQ:
		return min(equality(e.L, s), equality(e.R, s))
	case opcode.LT, opcode.LE, opcode.GT, opcode.GE:
		return 0.4
	}
	return 0.7
}

// equality guesses the share of rows in which an expression has a given value.
func equality(e ast.ExprNode, s *resolve.Source) float64 {
	if isKey(e, s) {
		rows, _ := tableSize(s.Table)
		return 1 / rows
	}
	return 0.02
}

func between(e *ast.BetweenExpr, s *resolve.Source) float64 {
	const usual = 0.15
	if !isKey(e.Expr, s) {
		return usual
	}
	low, ok1 := tree.WholeNumber(e.Left)
	high, ok2 := tree.WholeNumber(e.Right)
	if !ok1 || !ok2 || high < low {
		return usual
	}
	rows, _ := tableSize(s.Table)
	return min(1, float64(high-low+1)/rows)
}

// isKey reports whether an expression is the key column of a family.
func isKey(e ast.ExprNode, s *resolve.Source) bool {
	n := tree.PlainColumn(e)
	return n != nil && s.Table != nil && s.Table.Kind != catalog.Registered && tree.IsName(n.Name, catalog.KeyColumn)
}

// resultRows estimates the rows of a block's result.
func (g *gatherer) resultRows(b *resolve.Block) float64 {
	rows := 1.0
	for _, arm := range b.Arms {
		rows = max(rows, g.resultRows(arm))
	}
	for _, s := range b.Sources {
		if s.Table != nil {
			rows = max(rows, g.sourceRows(s))
		} else if s.Block != nil {
			rows = max(rows, g.resultRows(s.Block))
		}
	}
	sel, ok := b.Node.(*ast.SelectStmt)
	switch {
	case !ok:
	case sel.GroupBy != nil || sel.Distinct:
		rows /= 10
		if sel.Having != nil {
			rows /= 10
		}
	case b.Aggregate:
		rows = 1
	}
	return max(rows, 1)
}
