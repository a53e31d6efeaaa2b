package router

import (
	"strconv"
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// refuseFloats refuses extremes of rows that a condition compares a FLOAT column
// in with a number that no FLOAT has. Where the column has an index, servers take
// MIN and MAX from it, and round the number first, so that f <= 0.7 holds for
// 0.7; otherwise they compare the FLOAT's value, which is a little more, with 0.7.
// A temporary table is not indexed as the table is.
func refuseFloats(b *resolve.Block) error {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || sel.GroupBy != nil || !b.Aggregate {
		return nil
	}
	var err error
	b.Walk(func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryOperationExpr:
			if isComparison(n.Op) && (comparesFloat(b, n.L, n.R) || comparesFloat(b, n.R, n.L)) {
				err = refusedFloat(n)
			}
		case *ast.BetweenExpr:
			if comparesFloat(b, n.Expr, n.Left) || comparesFloat(b, n.Expr, n.Right) {
				err = refusedFloat(n)
			}
		}
		return err == nil
	})
	return err
}

func refusedFloat(n ast.Node) error {
	return fault.At(fault.Unsupported, n.OriginTextPosition(), "MIN or MAX across shards of rows whose FLOAT column is compared with a number that is no FLOAT is not supported: what a server answers depends on its indexes; compare column + 0e0")
}

func isComparison(op opcode.Op) bool {
	switch op {
	case opcode.EQ, opcode.NullEQ, opcode.LT, opcode.LE, opcode.GT, opcode.GE:
		return true
	}
	return false
}

// comparesFloat reports whether e is a registered table's FLOAT column, and value
// a literal that is none.
func comparesFloat(b *resolve.Block, e, value ast.ExprNode) bool {
	l, ok := tree.Bare(value).(*tree.Literal)
	c := b.Ref(e)
	if !ok || c == nil || c.Source.Table == nil {
		return false
	}
	known, ok := c.Source.Table.Column(c.Name.Name.O)
	return ok && strings.EqualFold(known.DataType, "float") && !isFloat(l)
}

// isFloat reports whether a literal is a number that a FLOAT holds as it is.
func isFloat(l *tree.Literal) bool {
	var x float64
	var err error
	switch v := l.Read().(type) {
	case int64:
		x = float64(v)
	case uint64:
		x = float64(v)
	case float64:
		x = v
	case tree.Number:
		x, err = strconv.ParseFloat(string(v), 64)
	case string:
		x, err = strconv.ParseFloat(strings.TrimSpace(v), 64)
	default:
		return true
	}
	return err == nil && float64(float32(x)) == x
}
