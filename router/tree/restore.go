package tree

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// restoreFlags make the printed text safe: without EscapeBackslash a string
// that ends in a backslash would take the text behind it for its own.
const restoreFlags = format.RestoreStringSingleQuotes | format.RestoreStringEscapeBackslash |
	format.RestoreKeyWordUppercase | format.RestoreNameBackQuotes | format.RestoreStringWithoutDefaultCharset

// restoreSize is enough for most restored statements, in bytes: the parts are
// short, so that growing from nothing takes several steps.
const restoreSize = 128

// Restore prints a guarded tree as SQL that all servers read alike.
func Restore(node ast.Node) (string, error) { return restore(node, restoreFlags) }

// Unqualified prints a tree with the names of columns alone.
func Unqualified(node ast.Node) (string, error) {
	return restore(node, restoreFlags|format.RestoreWithoutTableName)
}

func restore(node ast.Node, flags format.RestoreFlags) (text string, err error) {
	defer func() {
		if r := recover(); r != nil { // a tree that no parser makes
			text, err = "", fmt.Errorf("restored statement: %v", r)
		}
	}()
	var b printer
	b.Grow(restoreSize)
	if err := node.Restore(format.NewRestoreCtx(flags, &b)); err != nil {
		return "", fmt.Errorf("restored statement: %w", err)
	}
	return b.String(), nil
}

// printer collects the pieces of a printed tree. It keeps operators apart that
// the parser prints side by side: MySQL takes !! and <=! for one operator each,
// and any server -- for a comment where a blank follows.
type printer struct {
	strings.Builder
	operator bool // the last piece ended in one
	limit    bool // the word LIMIT is held back, for [Ties] have others
}

// WriteString implements io.StringWriter. Names and strings come in three
// pieces, of which the first and the last are their quotes.
func (p *printer) WriteString(piece string) (int, error) {
	if piece == "" {
		return 0, nil
	}
	if p.limit {
		p.limit = false
		p.Builder.WriteString(limitWord)
	}
	if piece == limitWord {
		p.limit, p.operator = true, false
		return len(piece), nil
	}
	if p.operator && isOperator(piece[0]) {
		p.WriteByte(' ')
	}
	p.operator = isOperator(piece[len(piece)-1])
	return p.Builder.WriteString(piece)
}

// limitWord is how the parser's tree prints LIMIT. A string or name of that text
// is never the last piece.
const limitWord = "LIMIT "

// Write implements io.Writer.
func (p *printer) Write(piece []byte) (int, error) { return p.WriteString(string(piece)) }

// isOperator reports whether operators are made of the character.
func isOperator(c byte) bool { return strings.IndexByte("!<=>+-*/%&|^~:@", c) >= 0 }

// Shape returns the text of a statement without the rows that it returns.
func Shape(node ast.Node) (string, error) {
	none := &ast.Limit{Count: NewLiteral(uint64(0))}
	return Restore(Limited(node, func(*ast.Limit) *ast.Limit { return none }))
}
