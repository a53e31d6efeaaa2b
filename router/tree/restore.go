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
	var b strings.Builder
	b.Grow(restoreSize)
	if err := node.Restore(format.NewRestoreCtx(flags, &b)); err != nil {
		return "", fmt.Errorf("restored statement: %w", err)
	}
	return b.String(), nil
}

// Shape returns the text of a statement without the rows that it returns.
func Shape(node ast.Node) (string, error) {
	none := &ast.Limit{Count: NewLiteral(uint64(0))}
	return Restore(Limited(node, func(*ast.Limit) *ast.Limit { return none }))
}
