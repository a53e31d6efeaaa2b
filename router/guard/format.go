package guard

import (
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// widest is the most digits that a number in a format's braces may have. A
// width of nine digits makes a text of a gigabyte, whatever
// max_allowed_packet is.
const widest = 3

// bounded reports whether the arguments of SFORMAT() begin with a format, as a
// constant of the client's text, that has no large number in its braces, nor
// braces in braces, which take a number from another argument.
func bounded(args []ast.ExprNode) bool {
	if len(args) == 0 || !isString(args[0]) {
		return false
	}
	format := args[0].(*tree.Literal).GetString()
	inside, digits := false, 0
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case c == '{' && inside:
			return false
		case c == '{' && i+1 < len(format) && format[i+1] == '{':
			i++ // a brace that is shown
		case c == '{':
			inside = true
		case c == '}':
			inside = false
		}
		if digits++; c < '0' || c > '9' {
			digits = 0
		}
		if inside && digits > widest {
			return false
		}
	}
	return true
}
