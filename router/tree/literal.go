package tree

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// The parser leaves the values in its tree to a driver. This one keeps what
// the client wrote wherever two spellings could mean two values.
func init() {
	ast.NewValueExpr = func(value any, _, _ string) ast.ValueExpr { return NewLiteral(value) }
	ast.NewParamMarkerExpr = func(offset int) ast.ParamMarkerExpr {
		return &Literal{Value: Placeholder{}, Offset: offset}
	}
	ast.NewDecimal = func(s string) (any, error) { return Number(s), nil }
	ast.NewHexLiteral = func(s string) (any, error) { return newBits(s, 'x') }
	ast.NewBitLiteral = func(s string) (any, error) { return newBits(s, 'b') }
}

// Literal is a constant in the syntax tree. Its value is one of nil, bool,
// int64, uint64, float64, string, [Number], [Bits], the * of
// COUNT(*), or, until the arguments are bound, [Placeholder].
type Literal struct {
	ast.TexprNode
	Value any
	// Offset is a placeholder's place in the text.
	Offset int
	// Unsigned is set for a placeholder where only a whole number from 0 can
	// stand: LIMIT, window frames.
	Unsigned bool
	// Joined is the length of the first of several adjacent strings, or -1.
	Joined int
	// Hole is where the value goes in a plan that leaves it open; nil: nowhere.
	Hole *Hole
}

// Hole stands in a printed statement for a literal, so that the statement can be
// had with other values of the kind: [HoleMark], or [UTCHoleMark] where UTC is set,
// and the byte Slot.
type Hole struct {
	Slot byte
	UTC  bool // a time with an offset is put into UTC, see [InUTC]
	Read bool // the value had a say in the plan, which is good for this one alone
}

// HoleMark and UTCHoleMark begin a hole. No text in UTF-8 has them.
const (
	HoleMark    = 0xff
	UTCHoleMark = 0xfe
)

// Read returns the value, for decisions that depend on more than its type. A
// plan is then good for this value alone.
func (l *Literal) Read() any {
	if l.Hole != nil {
		l.Hole.Read = true
	}
	return l.Value
}

type (
	// Number is a number's digits as they were written: decimals, and
	// integers beyond 64 bits.
	Number string
	// Bits is a hexadecimal or bit literal in the spelling of the client:
	// x'41' and 0x41 differ in numeric context on MariaDB.
	Bits string
	// star is the * of COUNT(*), or the length in WEIGHT_STRING(x AS CHAR(n)).
	star struct{ n int }
	// Placeholder is a ? whose argument is not bound yet.
	Placeholder struct{}
)

// NewLiteral returns a literal of the value.
func NewLiteral(value any) *Literal {
	switch v := value.(type) {
	case *Literal:
		return v
	case int: // the parser's own: 1 in place of a *, or a length
		value = star{v}
	}
	return &Literal{Value: value, Joined: -1}
}

// newBits accepts 0x41, x'41', 0b01 and b'01', and returns the same in lower
// case. base is x or b.
func newBits(s string, base byte) (Bits, error) {
	if strings.HasPrefix(s, "0X") { // which servers take for a name
		return "", fmt.Errorf("%s must begin with 0x", s)
	}
	low := strings.ToLower(s)
	quoted := strings.HasPrefix(low, string(base)+"'")
	digits := strings.TrimSuffix(low[2:], "'")
	allowed := "01"
	if base == 'x' {
		allowed = "0123456789abcdef"
	}
	if strings.Trim(digits, allowed) != "" {
		return "", fmt.Errorf("invalid digit in %s", s)
	}
	if quoted && base == 'x' && len(digits)%2 != 0 {
		return "", fmt.Errorf("odd number of digits in %s", s)
	}
	return Bits(low), nil
}

// Restore implements ast.Node.
func (l *Literal) Restore(ctx *format.RestoreCtx) error {
	if l.Hole != nil {
		mark := byte(HoleMark)
		if l.Hole.UTC {
			mark = UTCHoleMark
		}
		ctx.WritePlain(string([]byte{mark, l.Hole.Slot}))
		return nil
	}
	l.introducer(ctx)
	switch v := l.Value.(type) {
	case nil:
		ctx.WritePlain("NULL")
	case bool:
		ctx.WritePlain(strings.ToUpper(strconv.FormatBool(v)))
	case int64:
		ctx.WritePlain(strconv.FormatInt(v, 10))
	case uint64:
		ctx.WritePlain(strconv.FormatUint(v, 10))
	case float64:
		ctx.WritePlain(strconv.FormatFloat(v, 'e', -1, 64))
	case string:
		ctx.WriteString(v)
	case Number:
		ctx.WritePlain(string(v))
		if strings.HasSuffix(string(v), ".") {
			// After a dot and blanks, the parser takes a keyword for a name.
			ctx.WritePlain("\t")
		}
	case Bits:
		ctx.WritePlain(string(v))
	case star:
		ctx.WritePlain("*")
	default:
		return fmt.Errorf("literal of type %T", l.Value)
	}
	return nil
}

// introducer prints the character set that the client put before the literal.
func (l *Literal) introducer(ctx *format.RestoreCtx) {
	if charset := l.Charset(); charset != "" {
		ctx.WritePlain("_" + charset + " ")
	}
}

// Charset returns the character set of the literal's introducer, if any.
func (l *Literal) Charset() string {
	if l.Type.GetFlag()&mysql.UnderScoreCharsetFlag == 0 {
		return ""
	}
	return l.Type.GetCharset()
}

// Accept implements ast.Node.
func (l *Literal) Accept(v ast.Visitor) (ast.Node, bool) {
	node, _ := v.Enter(l) // it has no children to skip
	return v.Leave(node)
}

// Format implements ast.ExprNode for the parser's own error messages.
func (l *Literal) Format(w io.Writer) {
	_ = l.Restore(format.NewRestoreCtx(restoreFlags, writer{w}))
}

// GetValue and SetValue implement ast.ValueExpr.
func (l *Literal) GetValue() any { return l.Read() }

func (l *Literal) SetValue(value any) { l.Value = value }

// GetString implements ast.ValueExpr.
func (l *Literal) GetString() string {
	s, _ := l.Read().(string)
	return s
}

// GetDatumString implements ast.ValueExpr.
func (l *Literal) GetDatumString() string { return l.GetString() }

// GetProjectionOffset and SetProjectionOffset implement ast.ValueExpr: where
// the first of several adjacent strings ends.
func (l *Literal) GetProjectionOffset() int { return l.Joined }

func (l *Literal) SetProjectionOffset(offset int) { l.Joined = offset }

// SetOrder implements ast.ParamMarkerExpr; placeholders are ordered by offset.
func (l *Literal) SetOrder(int) {}

// writer makes any writer one that the parser can restore to.
type writer struct{ io.Writer }

func (w writer) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// Using is the last argument of CHAR(… USING charset).
type Using struct {
	Literal // only for what ast.ExprNode asks beyond the methods below
	Expr    ast.ExprNode
	Charset string
}

// Restore implements ast.Node.
func (u *Using) Restore(ctx *format.RestoreCtx) error {
	if err := u.Expr.Restore(ctx); err != nil {
		return err
	}
	ctx.WritePlain(" USING " + u.Charset)
	return nil
}

// Accept implements ast.Node.
func (u *Using) Accept(v ast.Visitor) (ast.Node, bool) {
	node, skip := v.Enter(u)
	if skip {
		return v.Leave(node)
	}
	u = node.(*Using)
	if !accept(v, &u.Expr) {
		return u, false
	}
	return v.Leave(u)
}

// Length returns a literal of the length that the parser has read in
// WEIGHT_STRING(x AS CHAR(n)). No client can write what it leaves in the tree
// there, but in that place.
func Length(e ast.ExprNode) (*Literal, bool) {
	l, ok := e.(*Literal)
	if !ok {
		return nil, false
	}
	length, ok := l.Value.(star)
	return NewLiteral(uint64(max(length.n, 0))), ok
}
