package guard

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kolide/databalancer/fault"
)

// The parser takes quadratic time for strings that stand side by side, and for
// joins without ON. No server joins more than 61 tables at once.
const (
	maxAdjacent = 64
	maxJoins    = 1000
)

// tokensPerNode is more than the tokens that any node of the tree needs.
const tokensPerNode = 4

// survey looks at the whole text before the parser does. It refuses what
// would hurt the parser and what parser and server read differently, and
// returns the text with every comment and hint blanked, so that offsets hold,
// and the number of its WITH clauses.
func survey(sql string, lim Limits, d Dialect) (text string, withs int, err error) {
	if len(sql) > lim.Length {
		return "", 0, fault.New(fault.TooLarge, "the query has %d bytes; at most %d are accepted", len(sql), lim.Length)
	}
	if n := invalidUTF8(sql); n >= 0 {
		return "", 0, fault.At(fault.Syntax, n, "the query is not valid UTF-8")
	}
	v := surveyor{scanner: scanner{src: sql}, lim: lim, dialect: d}
	for {
		t := v.next()
		if t.kind == tokenEnd {
			break
		}
		if err := v.check(t); err != nil {
			return "", 0, err
		}
	}
	if v.blanked != nil {
		return string(v.blanked), v.withs, nil
	}
	return sql, v.withs, nil
}

// surveyor is the state of survey.
type surveyor struct {
	scanner
	lim                             Limits
	dialect                         Dialect
	tokens, nested, adjacent, joins int
	withs                           int
	braces                          []bool // of the braces that are open, whether they are {fn …}, which becomes (…)
	blanked                         []byte // a copy of src, once there is something to blank
}

func (v *surveyor) check(t token) error {
	switch t.kind {
	case tokenComment, tokenHint:
		v.blank(t)
		return nil
	case tokenExecutable:
		return fault.At(fault.ForbiddenClause, t.start, "comments that some servers execute (%.4s) are not accepted", v.src[t.start:])
	case tokenEndless:
		return fault.At(fault.Syntax, t.start, "%s has no end", unended(v.src[t.start]))
	}
	if v.tokens++; v.tokens > tokensPerNode*v.lim.Nodes {
		return fault.At(fault.TooLarge, t.start, "the query has too many parts")
	}
	if t.kind != tokenString {
		v.adjacent = 0
		return v.structure(t)
	}
	if v.adjacent++; v.adjacent > maxAdjacent {
		return fault.At(fault.TooLarge, t.start, "more than %d strings stand side by side", maxAdjacent)
	}
	return nil
}

// structure counts parentheses, joins and WITHs, and refuses those ODBC escapes of
// which the parser keeps only what is in the braces: it would bind to its
// neighbours.
func (v *surveyor) structure(t token) error {
	switch v.src[t.start] {
	case '(':
		v.nested++
	case ')':
		v.nested--
	case 'j', 'J':
		if strings.EqualFold(v.src[t.start:t.end], "join") {
			v.joins++
		}
	case 'w', 'W':
		if strings.EqualFold(v.src[t.start:t.end], "with") && v.beginsCTE() {
			v.withs++
		}
	case '!':
		if v.dialect.DoubleNot && strings.HasPrefix(v.src[t.end:], "!") {
			return fault.At(fault.Unsupported, t.start, "!! is not supported: MySQL takes it for one NOT; write ! !, or NOT")
		}
	case '{':
		ahead := v.scanner
		name := ahead.next()
		function := strings.EqualFold(v.src[name.start:name.end], "fn")
		if !function && !escapes[v.src[name.start:name.end]] {
			return fault.At(fault.Unsupported, t.start, "of the escapes in braces only d, t, ts, fn and oj are supported")
		}
		if v.braces = append(v.braces, function); function {
			v.blank(token{start: t.start, end: name.end})
			v.blanked[t.start] = '('
		}
	case '}':
		if n := len(v.braces); n > 0 {
			if v.braces[n-1] {
				v.blank(t)
				v.blanked[t.start] = ')'
			}
			v.braces = v.braces[:n-1]
		}
	}
	if v.nested > v.lim.Depth {
		return fault.At(fault.TooLarge, t.start, "the query is nested more than %d deep", v.lim.Depth)
	}
	if v.joins > maxJoins {
		return fault.At(fault.TooLarge, t.start, "the query has more than %d joins", maxJoins)
	}
	return nil
}

// escapes are the ODBC escapes that keep their meaning without the braces:
// {d '2001-02-03'}, {oj a LEFT JOIN b ON …}.
var escapes = map[string]bool{"d": true, "t": true, "ts": true, "oj": true, "OJ": true}

// beginsCTE reports whether the WITH before is neither of GROUP BY … WITH ROLLUP,
// of MATCH … WITH QUERY EXPANSION nor of FETCH … WITH TIES.
func (v *surveyor) beginsCTE() bool {
	ahead := v.scanner
	t := ahead.next()
	for t.kind == tokenComment || t.kind == tokenHint {
		t = ahead.next()
	}
	next := v.src[t.start:t.end]
	return !slices.ContainsFunc([]string{"rollup", "query", "ties"}, func(word string) bool { return strings.EqualFold(next, word) })
}

func (v *surveyor) blank(t token) {
	if v.blanked == nil {
		v.blanked = []byte(v.src)
	}
	for i := t.start; i < t.end; i++ {
		v.blanked[i] = ' '
	}
}

// invalidUTF8 returns the offset of the first byte of s that is not part of a
// valid UTF-8 sequence, or -1.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

// unended names what begins with c.
func unended(c byte) string {
	switch c {
	case '/':
		return "the comment"
	case '`':
		return "the quoted name"
	}
	return "the string"
}
