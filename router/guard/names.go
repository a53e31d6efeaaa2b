package guard

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// The lengths to which servers cut the name of a column, in bytes. Those that
// leave the rest of it as it is cut characters in half, which is not done here.
const (
	maxName    = 255
	maxRawName = 256
)

const blanks = " \t\r\n\v\f"

// name gives an unaliased select field the name that the server would have
// given its column for the client's text: what is restored from the tree reads
// otherwise. A field that needs none is left without: a column, and a string,
// which name theirs themselves.
func (g *guard) name(field *ast.SelectField) error {
	if field.AsName.O != "" {
		return g.alias(field)
	}
	end, aliased := g.fieldEnd(field.Offset)
	if aliased {
		return fault.At(fault.Unsupported, field.Offset, "an empty alias is not supported")
	}
	if tree.PlainColumn(field.Expr) != nil {
		return nil // an alias may hide the column: TiDB holds the two for ambiguous
	}
	field.AsName = ast.NewCIStr(g.fieldName(field.Expr, field.Offset, end))
	return nil
}

// alias takes the blanks off the front of an alias, as most servers do.
func (g *guard) alias(field *ast.SelectField) error {
	if g.dialect.KeepsBlanks || field.AsName.O[0] > ' ' {
		return nil
	}
	field.AsName = ast.NewCIStr(strings.TrimLeftFunc(field.AsName.O, func(r rune) bool { return r <= ' ' }))
	if field.AsName.O == "" {
		return fault.At(fault.Unsupported, field.Offset, "an empty alias is not supported")
	}
	return nil
}

// fieldName returns the name of a field's column, given where the field's
// text stands. Parentheses and a plus around a name or a constant do not
// count.
func (g *guard) fieldName(e ast.ExprNode, start, end int) string {
	for inner := e; ; {
		switch n := inner.(type) {
		case *ast.ParenthesesExpr:
			inner = n.Expr
			continue
		case *ast.UnaryOperationExpr:
			if n.Op == opcode.Plus {
				inner = n.V
				continue
			}
		case *ast.ColumnNameExpr:
			return n.Name.Name.O
		case *tree.Literal:
			if _, ok := n.Value.(tree.Bits); !ok {
				return g.constantName(n, start, end)
			}
		}
		return g.writtenName(start, end)
	}
}

// written returns the client's own text of a piece of what was parsed.
func (g *guard) written(start, end int) string {
	return g.client[g.edits.back(start):g.edits.backEnd(end)]
}

// writtenName makes a name of a piece of the client's own text.
func (g *guard) writtenName(start, end int) string {
	text := g.written(start, end)
	if g.dialect.CommentsName {
		text = strings.TrimRight(text, blanks)
		return cut(parser.SpecFieldPattern.ReplaceAllStringFunc(text, parser.TrimComment), maxRawName)
	}
	return safeName(text)
}

func (g *guard) constantName(l *tree.Literal, start, end int) string {
	switch v := l.Value.(type) {
	case nil:
		return "NULL"
	case bool:
		if g.dialect.TruthAsWritten {
			return g.writtenName(start, end)
		}
		return strings.ToUpper(strconv.FormatBool(v))
	case string:
		if g.dialect.FirstString && l.Joined >= 0 && l.Joined < len(v) {
			return strings.TrimSpace(safeName(v[:l.Joined]))
		}
		return ""
	}
	if g.dialect.CommentsName {
		text := strings.TrimLeft(g.written(start, end), "+("+blanks)
		return cut(strings.TrimRight(text, ")"+blanks), maxRawName)
	}
	return safeName(strings.Trim(g.sql[start:end], "+()"+blanks))
}

// safeName makes a name of a piece of SQL text, as servers do: names have no
// NUL and no characters beyond the basic plane, and are cut.
func safeName(text string) string {
	name := strings.Map(func(r rune) rune {
		if r > 0xFFFF || r == 0 {
			return '?'
		}
		return r
	}, text)
	return strings.TrimRight(cut(name, maxName), blanks)
}

// cut shortens a name to at most a number of bytes, between two characters.
func cut(name string, most int) string {
	if len(name) <= most {
		return name
	}
	for !utf8.RuneStart(name[most]) {
		most--
	}
	return name[:most]
}

// fieldEnds are the words that end a select list. All are reserved, so they
// are no names unless they follow a dot.
var fieldEnds = strings.Fields(`from where group having order limit window union except
	intersect into for lock fetch procedure`)

// fieldEnd returns where the text of the select field at offset ends, behind
// the comments that count in its name, and whether it has the empty alias, which
// the tree does not show.
func (g *guard) fieldEnd(offset int) (end int, aliased bool) {
	s := scanner{src: g.sql, pos: offset}
	nested, before, last := 0, "", ""
	t := s.next()
	for ; t.kind != tokenEnd; t = s.next() {
		now := g.sql[t.start:t.end]
		switch now {
		case "(":
			nested++
		case ")":
			nested--
		}
		if last == "." && strings.Trim(before, "0123456789") == "" && before != "" {
			last = "5." // a number's, which qualifies nothing
		}
		if nested < 0 || nested == 0 && endsField(last, now) && !fromFirst(s, now) {
			break
		}
		before, last, end = last, now, t.end
	}
	if g.dialect.CommentsName {
		end = t.start
	}
	empty := last == "''" || last == `""` || last == "``"
	return end, empty && strings.EqualFold(before, "as")
}

// fromFirst reports whether a FROM, behind which the scanner stands, is that of
// NTH_VALUE(…) FROM FIRST OVER.
func fromFirst(s scanner, now string) bool {
	if !strings.EqualFold(now, "from") {
		return false
	}
	first, over := s.next(), s.next()
	return strings.EqualFold(s.src[first.start:first.end], "first") && strings.EqualFold(s.src[over.start:over.end], "over")
}

// endsField reports whether a field ends before the token now.
func endsField(last, now string) bool {
	if now == "," || now == ";" {
		return true
	}
	return last != "." && len(now) <= len("intersect") && slices.Contains(fieldEnds, strings.ToLower(now))
}
