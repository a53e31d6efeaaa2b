package resolve

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// columnKinds are the kinds of columns of families. A DECIMAL has none.
var columnKinds = map[catalog.Type]tree.Kind{
	catalog.Int: tree.IntKind, catalog.Bool: tree.IntKind, catalog.Float: tree.FloatKind,
	catalog.Text: tree.TextKind, catalog.Timestamp: tree.TimeKind, catalog.Date: tree.TimeKind, catalog.JSON: tree.JSONKind,
}

// columnKind returns the kind of a table's column. Of registered tables, an
// ENUM is text that sorts as a number, and a DOUBLE may show fewer digits than
// it has.
func columnKind(c *catalog.Column) tree.Kind {
	switch c.DataType {
	case "enum", "set", "float", "double", "uuid", "inet4", "inet6":
		return tree.UnknownKind
	}
	return columnKinds[c.Type]
}

// Kind returns the kind of an expression in the block.
func (b *Block) Kind(e ast.ExprNode) tree.Kind {
	switch e := tree.Bare(e).(type) {
	case *ast.ColumnNameExpr:
		if c := b.column(e.Name); c != nil {
			return columnKind(c)
		}
	case *tree.Literal:
		return literalKind(e)
	case *ast.UnaryOperationExpr:
		return b.unaryKind(e)
	case *ast.BinaryOperationExpr:
		return b.binaryKind(e)
	case *ast.IsNullExpr, *ast.IsTruthExpr, *ast.PatternInExpr, *ast.PatternLikeOrIlikeExpr, *ast.PatternRegexpExpr, *ast.BetweenExpr:
		return tree.IntKind
	case *ast.CaseExpr:
		return b.caseKind(e)
	case *ast.FuncCastExpr:
		return castKind(e)
	case *ast.FuncCallExpr:
		return b.callKind(e)
	}
	return tree.UnknownKind
}

func literalKind(l *tree.Literal) tree.Kind {
	switch l.Value.(type) {
	case nil:
		return tree.NullKind
	case int64, uint64, bool:
		return tree.IntKind
	case float64:
		return tree.FloatKind
	case string:
		return tree.TextKind
	}
	return tree.UnknownKind
}

func (b *Block) unaryKind(e *ast.UnaryOperationExpr) tree.Kind {
	if e.Op == opcode.Not || e.Op == opcode.Not2 || e.Op == opcode.BitNeg {
		return tree.IntKind
	}
	if k := b.Kind(e.V); k == tree.IntKind || k == tree.FloatKind {
		return k
	}
	return tree.UnknownKind
}

func (b *Block) binaryKind(e *ast.BinaryOperationExpr) tree.Kind {
	left, right := b.Kind(e.L), b.Kind(e.R)
	float := isNumber(left) && isNumber(right) && (left != tree.IntKind || right != tree.IntKind)
	switch e.Op {
	case opcode.Plus, opcode.Minus, opcode.Mul, opcode.Mod:
		if left == tree.IntKind && right == tree.IntKind {
			return tree.IntKind
		}
		if float {
			return tree.FloatKind
		}
	case opcode.Div:
		if float {
			return tree.FloatKind
		}
	case opcode.IntDiv:
		if left == tree.IntKind && right == tree.IntKind {
			return tree.IntKind
		}
	default: // comparisons, logic and bits
		return tree.IntKind
	}
	return tree.UnknownKind
}

// isNumber reports whether a kind calculates as an integer or a float. Text
// does as a float.
func isNumber(k tree.Kind) bool {
	return k == tree.IntKind || k == tree.FloatKind || k == tree.TextKind
}

func (b *Block) caseKind(e *ast.CaseExpr) tree.Kind {
	kinds := make([]tree.Kind, 0, len(e.WhenClauses)+1)
	for _, when := range e.WhenClauses {
		kinds = append(kinds, b.Kind(when.Result))
	}
	if e.ElseClause != nil {
		kinds = append(kinds, b.Kind(e.ElseClause))
	}
	return tree.CommonKind(kinds)
}

func castKind(e *ast.FuncCastExpr) tree.Kind {
	switch e.Tp.GetType() {
	case mysql.TypeLonglong:
		return tree.IntKind
	case mysql.TypeDouble:
		return tree.FloatKind
	case mysql.TypeDate, mysql.TypeDatetime:
		return tree.TimeKind
	case mysql.TypeVarString:
		if e.Tp.GetCharset() != "binary" {
			return tree.TextKind
		}
	}
	return tree.UnknownKind
}

func (b *Block) callKind(e *ast.FuncCallExpr) tree.Kind {
	kinds := make([]tree.Kind, len(e.Args))
	for i, arg := range e.Args {
		kinds[i] = b.Kind(arg)
	}
	return tree.Functions[e.FnName.L].Kind(kinds)
}
