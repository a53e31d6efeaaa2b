package resolve

import (
	"fmt"
	"regexp"
	"strconv"

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

// align puts a literal into UTC, if it is one with an offset. What has one is no
// hole: guard.Lift leaves it in its place.
func align(e ast.ExprNode) {
	if l := timeLiteral(e); l != nil && l.Hole == nil {
		if text, ok := inUTC(l.GetString()); ok {
			l.Value = text
		}
	}
}

// zoned are the forms of RFC 3339 (and ISO 8601 without seconds), with a blank
// for the T if need be.
var zoned = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(:\d\d(?:\.\d*)?)?(?:([+-])(\d\d):(\d\d)|[Zz])$`)

// inUTC returns a time with an offset from UTC, or a Z, without it. It reports
// false for any other text, and where the day is none or not in the years from
// 0001 to 9999.
func inUTC(text string) (string, bool) {
	m := zoned.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	var n [10]int // as m; of a part that is missing, 0
	for i := range n {
		n[i], _ = strconv.Atoi(m[i]) // the others are no numbers
	}
	year, month, day, hour, minute := n[1], n[2], n[3], n[4], n[5]
	offset := n[8]*60 + n[9]
	if year < 1 || month < 1 || month > 12 || day < 1 || day > days(year, month) || hour > 23 || minute > 59 || n[8] > 23 || n[9] > 59 {
		return "", false
	}
	if m[7] == "+" {
		offset = -offset
	}
	minutes := hour*60 + minute + offset
	switch {
	case minutes < 0:
		minutes += 24 * 60
		year, month, day = before(year, month, day)
	case minutes >= 24*60:
		minutes -= 24 * 60
		year, month, day = after(year, month, day)
	}
	if year < 1 || year > 9999 {
		return "", false
	}
	seconds := m[6]
	if seconds == "" {
		seconds = ":00"
	}
	return fmt.Sprintf("%04d-%02d-%02d %02d:%02d%s", year, month, day, minutes/60, minutes%60, seconds), true
}

// days returns the number of days of a month. Package time, which has the clock
// too, is none of the router's.
func days(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && year%100 != 0 || year%400 == 0 {
			return 29
		}
		return 28
	}
	return 31
}

func before(year, month, day int) (int, int, int) {
	if day > 1 {
		return year, month, day - 1
	}
	if month > 1 {
		return year, month - 1, days(year, month-1)
	}
	return year - 1, 12, 31
}

func after(year, month, day int) (int, int, int) {
	if day < days(year, month) {
		return year, month, day + 1
	}
	if month < 12 {
		return year, month + 1, 1
	}
	return year + 1, 1, 1
}
