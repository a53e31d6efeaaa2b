package router

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// kind is what an expression over a family's columns returns, as far as it
// matters to whether parts of its sums add up. A DECIMAL has none: it may
// have more digits than it shows.
type kind int

const (
	unknownKind kind = iota
	nullKind
	intKind
	floatKind
	textKind
	timeKind
	jsonKind // a column, as it is
)

var columnKinds = map[catalog.Type]kind{
	catalog.Int: intKind, catalog.Bool: intKind, catalog.Float: floatKind,
	catalog.Text: textKind, catalog.Timestamp: timeKind, catalog.Date: timeKind, catalog.JSON: jsonKind,
}

// columnKind returns the kind of a table's column. Of registered tables, an
// ENUM is text that sorts as a number, and a DOUBLE may show fewer digits than
// it has.
func columnKind(c *catalog.Column) kind {
	switch c.DataType {
	case "enum", "set", "float", "double", "uuid", "inet4", "inet6":
		return unknownKind
	}
	return columnKinds[c.Type]
}

// functionKinds are the kinds of functions whose arguments do not matter.
var functionKinds = map[string]kind{}

func init() {
	for k, list := range map[kind]string{
		intKind: `ascii bit_length char_length character_length length octet_length locate position instr
			year month day dayofmonth dayofweek dayofyear hour minute second microsecond quarter week weekday
			weekofyear yearweek datediff to_days isnull field find_in_set strcmp crc32 sign json_length
			json_depth json_valid json_exists json_contains regexp_instr`,
		textKind: `lower lcase upper ucase left right substring substr substring_index trim ltrim rtrim reverse
			concat concat_ws replace regexp_replace regexp_substr hex md5 sha sha1 sha2 date_format dayname
			monthname json_value json_unquote json_type lpad rpad`,
		floatKind: `sqrt exp ln log log2 log10 sin cos tan pow power`,
		timeKind:  `date last_day`,
	} {
		for _, name := range strings.Fields(list) {
			functionKinds[name] = k
		}
	}
}

// kindOf returns the kind of an expression in the block.
func (b *block) kindOf(e ast.ExprNode) kind {
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
		return intKind
	case *ast.CaseExpr:
		return b.caseKind(e)
	case *ast.FuncCastExpr:
		return castKind(e)
	case *ast.FuncCallExpr:
		return b.callKind(e)
	}
	return unknownKind
}

func literalKind(l *tree.Literal) kind {
	switch l.Value.(type) {
	case nil:
		return nullKind
	case int64, uint64, bool:
		return intKind
	case float64:
		return floatKind
	case string:
		return textKind
	}
	return unknownKind
}

func (b *block) unaryKind(e *ast.UnaryOperationExpr) kind {
	if e.Op == opcode.Not || e.Op == opcode.Not2 || e.Op == opcode.BitNeg {
		return intKind
	}
	if k := b.kindOf(e.V); k == intKind || k == floatKind {
		return k
	}
	return unknownKind
}

func (b *block) binaryKind(e *ast.BinaryOperationExpr) kind {
	left, right := b.kindOf(e.L), b.kindOf(e.R)
	float := isNumber(left) && isNumber(right) && (left != intKind || right != intKind)
	switch e.Op {
	case opcode.Plus, opcode.Minus, opcode.Mul, opcode.Mod:
		if left == intKind && right == intKind {
			return intKind
		}
		if float {
			return floatKind
		}
	case opcode.Div:
		if float {
			return floatKind
		}
	case opcode.IntDiv:
		if left == intKind && right == intKind {
			return intKind
		}
	default: // comparisons, logic and bits
		return intKind
	}
	return unknownKind
}

// isNumber reports whether a kind calculates as an integer or a float. Text
// does as a float.
func isNumber(k kind) bool { return k == intKind || k == floatKind || k == textKind }

func (b *block) caseKind(e *ast.CaseExpr) kind {
	results := make([]ast.ExprNode, 0, len(e.WhenClauses)+1)
	for _, when := range e.WhenClauses {
		results = append(results, when.Result)
	}
	if e.ElseClause != nil {
		results = append(results, e.ElseClause)
	}
	return b.commonKind(results)
}

// commonKind returns the kind that all of several expressions have, but for
// NULLs.
func (b *block) commonKind(list []ast.ExprNode) kind {
	common := nullKind
	for _, e := range list {
		k := b.kindOf(e)
		switch {
		case k == nullKind || k == common:
		case common == nullKind:
			common = k
		case (k == intKind || k == floatKind) && (common == intKind || common == floatKind):
			common = floatKind
		default:
			return unknownKind
		}
	}
	if common == nullKind || common == jsonKind {
		return unknownKind
	}
	return common
}

func castKind(e *ast.FuncCastExpr) kind {
	switch e.Tp.GetType() {
	case mysql.TypeLonglong:
		return intKind
	case mysql.TypeDouble:
		return floatKind
	case mysql.TypeDate, mysql.TypeDatetime:
		return timeKind
	case mysql.TypeVarString:
		if e.Tp.GetCharset() != "binary" {
			return textKind
		}
	}
	return unknownKind
}

func (b *block) callKind(e *ast.FuncCallExpr) kind {
	switch e.FnName.L {
	case "coalesce", "ifnull", "nvl":
		return b.commonKind(e.Args)
	case "if":
		if len(e.Args) == 3 {
			return b.commonKind(e.Args[1:])
		}
	case "nullif":
		return b.commonKind(e.Args[:1])
	case "abs", "floor", "ceil", "ceiling":
		if k := b.commonKind(e.Args); k == intKind || k == floatKind {
			return k
		}
		return unknownKind
	}
	return functionKinds[e.FnName.L]
}
