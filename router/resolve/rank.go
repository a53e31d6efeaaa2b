package resolve

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// Strings have a rank, which says whose collation counts when two are
// compared, or that they can't be (MySQL manual, "Collation Coercibility in
// Expressions"): a column's is 2, that of a literal, a number made text or a
// mix of collations another. Servers keep the rank of what they store in a
// derived table; a column of a temporary table has rank 2. So of results with
// text, only those may be stored whose rank is 2 already. The same goes for
// NULLs, which have a type of their own.

// storableColumn reports whether a column of a block that servers store is the
// same in a table of ours.
func (b *Block) storableColumn(i int) bool {
	if len(b.Arms) > 0 {
		for _, arm := range b.Arms {
			if i >= len(arm.Columns) || !arm.exactColumn(i) && !arm.storableColumn(i) {
				return false
			}
		}
		return true
	}
	e, _ := b.field(i)
	return e != nil && b.storableValue(e)
}

// storableValue reports whether an expression's value has a rank of 2, or none
// as it is no text.
func (b *Block) storableValue(e ast.ExprNode) bool {
	if !tree.HasColumn(e) && !counts(e) {
		return false
	}
	switch k := b.Kind(e); k {
	case tree.IntKind, tree.FloatKind, tree.TimeKind:
		return true
	case tree.NullKind, tree.JSONKind:
		return false
	}
	switch e := tree.Bare(e).(type) {
	case *ast.ColumnNameExpr:
		return b.exactName(e.Name)
	case *ast.AggregateFuncExpr:
		return b.storableCall(tree.Aggregates[strings.ToLower(e.F)], e.Args)
	case *ast.WindowFuncExpr:
		return b.storableCall(tree.Windows[strings.ToLower(e.Name)], e.Args)
	case *ast.UnaryOperationExpr:
		return e.Op != opcode.Plus || b.storableValue(e.V) // +x is x
	case *ast.BinaryOperationExpr:
		return isArithmetic(e.Op)
	}
	return b.storableText(e)
}

func isArithmetic(op opcode.Op) bool {
	switch op {
	case opcode.Plus, opcode.Minus, opcode.Mul, opcode.Div, opcode.Mod, opcode.IntDiv:
		return true
	}
	return false
}

// storableCall tells of an aggregate or window function. Most return numbers.
func (b *Block) storableCall(f *tree.Function, args []ast.ExprNode) bool {
	switch {
	case f.Is(tree.Picks):
		return len(args) == 1 && b.storableValue(args[0])
	case f.Kind(nil) == tree.TextKind:
		return len(args) > 0 && tree.PlainColumn(args[0]) != nil && b.storableText(args[0]) && b.ofOneCollation(args...)
	}
	return !f.Is(tree.Unranked)
}

// StorableKey reports whether the value of an expression is the same to the
// block and to those around it once it is stored, one a row or a group. Of a
// value that is only shown, which the client compares with nothing, the rank
// does not matter.
func (b *Block) StorableKey(e ast.ExprNode, shown bool) bool {
	switch k := b.Kind(e); {
	case k <= tree.NullKind:
		return false
	case k != tree.TextKind || tree.PlainColumn(e) != nil || b.Role == Root && shown:
		return true
	}
	return b.storableText(e)
}

// storableText reports whether an expression that may be text has rank 2 for
// sure.
func (b *Block) storableText(e ast.ExprNode) bool { return b.hasColumnsRank(e) && b.ofOneCollation(e) }

// hasColumnsRank reports whether an expression that may be text gets its rank
// from a column of text: others that it is mixed with, literals and numbers,
// have a higher one, and give way.
func (b *Block) hasColumnsRank(e ast.ExprNode) bool {
	switch e := tree.Bare(e).(type) {
	case *ast.ColumnNameExpr:
		c := b.column(e.Name)
		return c != nil && c.Type == catalog.Text
	case *ast.UnaryOperationExpr:
		return e.Op == opcode.Plus && b.hasColumnsRank(e.V)
	case *ast.CaseExpr:
		return e.ElseClause != nil && b.hasColumnsRank(e.ElseClause) ||
			slices.ContainsFunc(e.WhenClauses, func(w *ast.WhenClause) bool { return b.hasColumnsRank(w.Result) })
	case *ast.AggregateFuncExpr:
		return tree.Aggregates[strings.ToLower(e.F)].Is(tree.Picks) && b.hasColumnsRank(e.Args[0])
	case *ast.FuncCallExpr:
		return slices.ContainsFunc(tree.Functions[e.FnName.L].Ranking(e.Args), b.hasColumnsRank)
	}
	return false
}

// ofOneCollation reports whether all texts in expressions have one collation,
// nothing converts any, and nothing is JSON, which a server knows for JSON.
func (b *Block) ofOneCollation(list ...ast.ExprNode) bool {
	columns, ok, families := 0, true, true
	for _, e := range list {
		tree.Walk(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SetCollationExpr, *ast.FuncCastExpr, *ast.SubqueryExpr, *tree.Using:
				ok = false
			case *ast.FuncCallExpr:
				ok = ok && !tree.Functions[n.FnName.L].Is(tree.Unranked)
			case *ast.ColumnName:
				c := b.column(n)
				switch {
				case c == nil:
					ok = false
				case c.Type == catalog.Text:
					columns++
					families = families && b.Bind(n).Table.Kind == catalog.Family
				}
			}
			return ok
		})
	}
	return ok && (families || columns == 1)
}

// counts reports whether an expression is a count or a rank, which need no
// column.
func counts(e ast.ExprNode) bool {
	switch e := tree.Bare(e).(type) {
	case *ast.AggregateFuncExpr:
		return strings.EqualFold(e.F, ast.AggFuncCount)
	case *ast.WindowFuncExpr:
		return true
	}
	return false
}
