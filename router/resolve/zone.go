package resolve

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// toUTC puts the literals of a block that are compared with timestamps of
// families, which are UTC, into that zone. Of an offset in a text, MySQL knows
// some forms, and MariaDB none: it drops them without a word.
func (b *Block) toUTC() {
	b.Walk(func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryOperationExpr:
			if comparesTimes[n.Op] {
				b.alignPair(n.L, n.R)
			}
		case *ast.BetweenExpr:
			b.alignAll(n.Expr, n.Left, n.Right)
		case *ast.PatternInExpr:
			b.alignAll(n.Expr, n.List...)
		case *ast.CaseExpr:
			if n.Value != nil {
				for _, when := range n.WhenClauses {
					b.alignPair(n.Value, when.Expr)
				}
			}
		case *ast.FuncCallExpr:
			if n.FnName.L == "nullif" && len(n.Args) == 2 {
				b.alignPair(n.Args[0], n.Args[1])
			}
		}
		return true
	})
}

var comparesTimes = map[opcode.Op]bool{
	opcode.EQ: true, opcode.NE: true, opcode.NullEQ: true,
	opcode.LT: true, opcode.LE: true, opcode.GT: true, opcode.GE: true,
}

// alignAll aligns an expression with each of others: literals with a column, or
// a literal with nothing but columns and literals.
func (b *Block) alignAll(e ast.ExprNode, others ...ast.ExprNode) {
	if b.isOurTime(e) || isRow(e) {
		for _, other := range others {
			b.alignPair(e, other)
		}
		return
	}
	met := false
	for _, other := range others {
		if b.isOurTime(other) {
			met = true
		} else if timeLiteral(other) == nil {
			return
		}
	}
	if met {
		for _, literal := range append(others, e) {
			align(literal)
		}
	}
}

// alignPair aligns the two sides of a comparison, member by member where they
// are rows.
func (b *Block) alignPair(l, r ast.ExprNode) {
	left, ok := tree.Bare(l).(*ast.RowExpr)
	right, both := tree.Bare(r).(*ast.RowExpr)
	switch {
	case ok && both && len(left.Values) == len(right.Values):
		for i := range left.Values {
			b.alignPair(left.Values[i], right.Values[i])
		}
	case b.isOurTime(l):
		align(r)
	case b.isOurTime(r):
		align(l)
	}
}

func isRow(e ast.ExprNode) bool { _, ok := tree.Bare(e).(*ast.RowExpr); return ok }

// isOurTime reports whether an expression is a timestamp of a family or of
// raw_logs: a column, in whatever depth of derived tables, or an alias of one.
func (b *Block) isOurTime(e ast.ExprNode) bool {
	n := tree.PlainColumn(e)
	if n == nil {
		return false
	}
	found := b.scope.bind(n)
	if found.source == nil {
		return found.scope == nil && n.Table.O == "" && b.isOurTimeAs(n)
	}
	if _, typ := found.source.count(n.Name.O); typ != catalog.Timestamp {
		return false
	}
	return found.source.isOurs()
}

// isOurTimeAs reports whether a name that no source has is the alias of a
// timestamp.
func (b *Block) isOurTimeAs(n *ast.ColumnName) bool {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok {
		return false
	}
	for _, f := range sel.Fields.Fields {
		if tree.IsName(f.AsName, n.Name.O) && f.Expr != nil {
			c := tree.PlainColumn(f.Expr)
			return c != nil && !tree.IsName(c.Name, n.Name.O) && b.isOurTime(f.Expr)
		}
	}
	return false
}

// isOurs reports whether all rows of a source come from tables whose timestamps
// are UTC: not registered ones.
func (s *Source) isOurs() bool {
	if s.Table != nil {
		return s.Table.Kind != catalog.Registered
	}
	if s.Block == nil {
		return false
	}
	tables, _ := s.Block.Reach()
	for _, t := range tables {
		if t.Kind == catalog.Registered {
			return false
		}
	}
	return true
}

// timeLiteral returns the string that an expression is, or that its TIMESTAMP '…'
// has; else nil.
func timeLiteral(e ast.ExprNode) *tree.Literal {
	e = tree.Bare(e)
	if call, ok := e.(*ast.FuncCallExpr); ok && call.FnName.L == ast.TimestampLiteral && len(call.Args) == 1 {
		e = call.Args[0]
	}
	l, ok := e.(*tree.Literal)
	if !ok {
		return nil
	}
	if _, ok := l.Value.(string); !ok {
		return nil
	}
	return l
}

// align puts a literal into UTC, if it is one with an offset.
func align(e ast.ExprNode) {
	l := timeLiteral(e)
	if l == nil {
		return
	}
	if l.Hole != nil {
		l.Hole.UTC = true
		return
	}
	if text, ok := tree.InUTC(l.GetString()); ok {
		l.Value = text
	}
}
