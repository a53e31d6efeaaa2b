package router

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
	ast.NewValueExpr = func(value any, _, _ string) ast.ValueExpr { return newLiteral(value) }
	ast.NewParamMarkerExpr = func(offset int) ast.ParamMarkerExpr {
		return &literal{value: placeholder{}, offset: offset}
	}
	ast.NewDecimal = func(s string) (any, error) { return number(s), nil }
	ast.NewHexLiteral = func(s string) (any, error) { return newBits(s, 'x') }
	ast.NewBitLiteral = func(s string) (any, error) { return newBits(s, 'b') }
}

// literal is a constant in the syntax tree. Its value is one of nil, bool,
// int64, uint64, float64, string, number, bits, star, or, until the arguments
// are bound, placeholder.
type literal struct {
	ast.TexprNode
	value any
	// offset is a placeholder's place in the text.
	offset int
	// unsigned is set for a placeholder where only a whole number from 0 can
	// stand: LIMIT, window frames.
	unsigned bool
	// joined is the length of the first of several adjacent strings, or -1.
	joined int
}

type (
	// number is a number's digits as they were written: decimals, and
	// integers beyond 64 bits.
	number string
	// bits is a hexadecimal or bit literal in the spelling of the client:
	// x'41' and 0x41 differ in numeric context on MariaDB.
	bits string
	// star is the * of COUNT(*).
	star struct{}
	// placeholder is a ? whose argument is not bound yet.
	placeholder struct{}
)

func newLiteral(value any) *literal {
	switch v := value.(type) {
	case *literal:
		return v
	case int: // the parser's own 1 in place of a *
		value = star{}
	}
	return &literal{value: value, joined: -1}
}

// newBits accepts 0x41, x'41', 0b01 and b'01', and returns the same in lower
// case. base is x or b.
func newBits(s string, base byte) (bits, error) {
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
	return bits(low), nil
}

// Restore implements ast.Node.
func (l *literal) Restore(ctx *format.RestoreCtx) error {
	l.introducer(ctx)
	switch v := l.value.(type) {
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
	case number:
		ctx.WritePlain(string(v))
		if strings.HasSuffix(string(v), ".") {
			// After a dot and blanks, the parser takes a keyword for a name.
			ctx.WritePlain("\t")
		}
	case bits:
		ctx.WritePlain(string(v))
	case star:
		ctx.WritePlain("*")
	default:
		return fmt.Errorf("literal of type %T", l.value)
	}
	return nil
}

// introducer prints the character set that the client put before the literal.
func (l *literal) introducer(ctx *format.RestoreCtx) {
	if charset := l.charset(); charset != "" {
		ctx.WritePlain("_" + charset + " ")
	}
}

// charset returns the character set of the literal's introducer, if any.
func (l *literal) charset() string {
	if l.Type.GetFlag()&mysql.UnderScoreCharsetFlag == 0 {
		return ""
	}
	return l.Type.GetCharset()
}

// Accept implements ast.Node.
func (l *literal) Accept(v ast.Visitor) (ast.Node, bool) {
	node, _ := v.Enter(l) // it has no children to skip
	return v.Leave(node)
}

// Format implements ast.ExprNode for the parser's own error messages.
func (l *literal) Format(w io.Writer) {
	_ = l.Restore(format.NewRestoreCtx(restoreFlags, writer{w}))
}

// GetValue and SetValue implement ast.ValueExpr.
func (l *literal) GetValue() any { return l.value }

func (l *literal) SetValue(value any) { l.value = value }

// GetString implements ast.ValueExpr.
func (l *literal) GetString() string {
	s, _ := l.value.(string)
	return s
}

// GetDatumString implements ast.ValueExpr.
func (l *literal) GetDatumString() string { return l.GetString() }

// GetProjectionOffset and SetProjectionOffset implement ast.ValueExpr: where
// the first of several adjacent strings ends.
func (l *literal) GetProjectionOffset() int { return l.joined }

func (l *literal) SetProjectionOffset(offset int) { l.joined = offset }

// SetOrder implements ast.ParamMarkerExpr; placeholders are ordered by offset.
func (l *literal) SetOrder(int) {}

// writer makes any writer one that the parser can restore to.
type writer struct{ io.Writer }

func (w writer) WriteString(s string) (int, error) { return w.Write([]byte(s)) }
