package guard

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// FuzzGuard holds the guard to its promise: what it accepts can be restored,
// and the restored text has no comment, is accepted again, and means the same
// tree.
func FuzzGuard(f *testing.F) {
	for _, sql := range seeds() {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		args := make([]any, strings.Count(sql, "?"))
		for i := range args {
			args[i] = int64(i)
		}
		st, err := Parse(sql, args, Limits{})
		for err != nil && len(args) > 0 && isCode(err, fault.InvalidArgument) {
			args = args[1:] // a ? in quotes is none
			st, err = Parse(sql, args, Limits{})
		}
		if err != nil {
			checkError(t, sql, err)
			return
		}
		checkRestored(t, sql, st)
	})
}

// offsetOf returns where in the query the trouble begins, or -1.
func offsetOf(e *fault.Error) int {
	if offset := e.Facts().Offset; offset != nil {
		return *offset
	}
	return -1
}

func checkError(t *testing.T, sql string, err error) {
	t.Helper()
	e, ok := err.(*fault.Error)
	if !ok {
		t.Fatalf("%q: error of type %T: %v", sql, err, err)
	}
	if e.Code() == "" || e.Error() == "" || offsetOf(e) < -1 || offsetOf(e) > len(sql) {
		t.Fatalf("%q: %+v", sql, e)
	}
}

// checkRestored restores a statement and parses the result again.
func checkRestored(t *testing.T, sql string, st *Statement) string {
	t.Helper()
	text, err := tree.Restore(st.node)
	if err != nil {
		t.Fatalf("%q: restore: %v", sql, err)
	}
	checkTokens(t, sql, text)
	again, err := Parse(text, nil, Limits{Length: MaxLength, Nodes: 10 * defaultNodes, Depth: 2 * defaultDepth})
	if err != nil {
		t.Fatalf("%q\nrestored %q\nis refused: %v", sql, text, err)
	}
	second, err := tree.Restore(again.node)
	if err != nil {
		t.Fatalf("%q\nrestored %q\nrestore: %v", sql, text, err)
	}
	if second != text {
		t.Fatalf("%q\nrestored %q\nbecomes  %q", sql, text, second)
	}
	if a, b := bracketed(t, st.node), bracketed(t, again.node); a != b {
		t.Fatalf("%q\nmeans %q\nbut restored %q", sql, a, b)
	}
	return text
}

// checkTokens fails when the text holds anything that a server might read
// otherwise than we do: comments, or a backslash or a quote out of place.
func checkTokens(t *testing.T, sql, text string) {
	t.Helper()
	s := scanner{src: text}
	for tok := s.next(); tok.kind != tokenEnd; tok = s.next() {
		switch tok.kind {
		case tokenComment, tokenHint, tokenExecutable, tokenEndless:
			t.Fatalf("%q\nrestored %q\nhas a comment at %d", sql, text, tok.start)
		case tokenSymbol:
			if strings.IndexByte(`\#;@{}?"`, text[tok.start]) >= 0 {
				t.Fatalf("%q\nrestored %q\nhas %q at %d", sql, text, text[tok.start], tok.start)
			}
		}
	}
}

// bracketed prints a tree with parentheses around each operation.
func bracketed(t *testing.T, node ast.Node) string {
	t.Helper()
	var b strings.Builder
	if err := node.Restore(format.NewRestoreCtx(format.DefaultRestoreFlags|format.RestoreStringEscapeBackslash|format.RestoreBracketAroundBinaryOperation, &b)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func isCode(err error, code fault.Code) bool {
	e, ok := err.(*fault.Error)
	return ok && e.Code() == code
}
