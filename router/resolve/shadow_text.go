package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// readText has the block read a text's shadow, if it names that text and the
// key alone, and it groups or counts by it, or wants the first rows in its
// order. It does only what is the same for a VARCHAR as for a LONGTEXT of the
// same value.
func (r *shadowReader) readText() bool {
	groups := r.block.Aggregate || r.sel.GroupBy != nil || r.sel.Distinct
	if groups && len(r.used) == 1 {
		return r.groupText(r.used[0])
	}
	return !groups && r.sel.OrderBy != nil && r.sel.Limit != nil && r.sel.Having == nil && r.sortText()
}

// textShadow returns the name of the usable shadow of a text, or nothing.
func (r *shadowReader) textShadow(column string) string {
	if s, ok := r.source.Table.Shadow(column, ""); ok && s.Usable {
		return s.Name()
	}
	return ""
}

func (r *shadowReader) groupText(column string) bool {
	shadow := r.textShadow(column)
	if shadow == "" || !r.allPlain() || r.block.Role != Root && r.shows() {
		return false
	}
	r.keepNames()
	for clause := range r.block.clauses {
		rename(column, shadow, clause)
	}
	return true
}

// shows reports whether a select field is made of a column, but by counting: in
// a block around this one a function may foresee too short a result of a VARCHAR,
// and a recursive WITH is as wide as its first SELECT.
func (r *shadowReader) shows() bool {
	shows := false
	tree.Walk(r.sel.Fields, func(n ast.Node) bool {
		if a, ok := n.(*ast.AggregateFuncExpr); ok && strings.EqualFold(a.F, ast.AggFuncCount) {
			return false
		}
		_, named := n.(*ast.ColumnName)
		shows = shows || named
		return !shows
	})
	return shows
}

// sortText has rows sorted and filtered by the shadow, and their columns shown
// as they are.
func (r *shadowReader) sortText() bool {
	column := ""
	for _, item := range r.sel.OrderBy.Items {
		n := tree.PlainColumn(item.Expr)
		if n == nil || item.Desc != r.sel.OrderBy.Items[0].Desc || r.block.Bind(n) != r.source || r.aliased(n) {
			return false
		}
		switch {
		case n.Name.L == catalog.KeyColumn && column != "":
		case column == "" || column == n.Name.L:
			column = n.Name.L
		default:
			return false
		}
	}
	shadow := r.textShadow(column)
	if shadow == "" || r.sel.Where != nil && !(r.plainTexts(r.sel.Where) && namesOnly(r.sel.Where, column)) {
		return false
	}
	rename(column, shadow, r.sel.OrderBy, r.sel.Where)
	return true
}

// aliased reports whether a name in ORDER BY is the alias of a field.
func (r *shadowReader) aliased(n *ast.ColumnName) bool { return r.field(n.Name.O) != nil }

// namesOnly reports whether a clause names no other column, but the key.
func namesOnly(clause ast.Node, column string) bool {
	ok := true
	tree.Walk(clause, func(n ast.Node) bool {
		if name, is := n.(*ast.ColumnName); is {
			ok = ok && (name.Name.L == column || name.Name.L == catalog.KeyColumn)
		}
		return true
	})
	return ok
}

// allPlain reports whether plainTexts holds for all clauses.
func (r *shadowReader) allPlain() bool {
	for clause := range r.block.clauses {
		if !r.plainTexts(clause) {
			return false
		}
	}
	return true
}

// plainTexts reports whether a clause has only constructs of which it is known
// that they take a VARCHAR as they take a LONGTEXT.
func (r *shadowReader) plainTexts(clause ast.Node) bool {
	ok := true
	tree.Walk(clause, func(n ast.Node) bool {
		ok = ok && r.plainText(n)
		return ok
	})
	return ok
}

// plainFunctions are those of one text, or of a text and numbers, that are
// known; none returns a longer text than servers think (tree.Foreseen).
var plainFunctions = map[string]bool{
	"left": true, "right": true, "substr": true, "substring": true,
	"char_length": true, "character_length": true, "length": true,
}

func (r *shadowReader) plainText(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FieldList, *ast.SelectField, *ast.GroupByClause, *ast.HavingClause, *ast.OrderByClause, *ast.ByItem, *ast.Limit,
		*ast.ColumnNameExpr, *ast.ColumnName, *ast.PositionExpr, *ast.ParenthesesExpr, *ast.IsNullExpr, *tree.Literal:
		return true
	case *ast.BinaryOperationExpr:
		return n.Op == opcode.LogicAnd || n.Op == opcode.LogicOr ||
			comparesTimes[n.Op] && (r.likeConstants(n.L, n.R) || r.likeConstants(n.R, n.L))
	case *ast.UnaryOperationExpr:
		return n.Op == opcode.Not || n.Op == opcode.Not2
	case *ast.PatternInExpr:
		return n.Sel == nil && r.likeConstants(n.Expr, n.List...)
	case *ast.BetweenExpr:
		return r.likeConstants(n.Expr, n.Left, n.Right)
	case *ast.PatternLikeOrIlikeExpr:
		return n.IsLike && r.likeConstants(n.Expr, n.Pattern)
	case *ast.FuncCallExpr:
		return plainFunctions[n.FnName.L]
	case *ast.AggregateFuncExpr:
		name := strings.ToLower(n.F)
		return n.Order == nil && (name == ast.AggFuncCount || name == ast.AggFuncMin || name == ast.AggFuncMax)
	}
	return false
}

// likeConstants reports whether an expression and the literals that it is
// compared with are all texts, or all whole numbers: compared with a number, a
// text would be read as one. Of an alias any will do, as no index has it.
func (r *shadowReader) likeConstants(e ast.ExprNode, others ...ast.ExprNode) bool {
	text, number := true, false
	switch n := tree.Bare(e).(type) {
	case *ast.AggregateFuncExpr:
		number = strings.EqualFold(n.F, ast.AggFuncCount)
		text = !number
	case *ast.ColumnNameExpr:
		number = n.Name.Name.L == catalog.KeyColumn || r.block.Bind(n.Name) == nil
		text = n.Name.Name.L != catalog.KeyColumn
	case *ast.FuncCallExpr:
		number = strings.HasSuffix(n.FnName.L, "length")
		text = !number
	default:
		return false
	}
	for _, other := range others {
		l, ok := tree.Bare(other).(*tree.Literal)
		if !ok || l.Charset() != "" {
			return false
		}
		switch l.Value.(type) {
		case string:
			ok = text
		case int64, uint64:
			ok = number
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	return true
}
