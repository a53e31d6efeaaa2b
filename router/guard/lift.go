package guard

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kolide/databalancer/router/tree"
)

// maxLifted is the most values of a text that is lifted.
const maxLifted = 100

// Lifted is a client's text with the values taken out of it by which queries of
// one kind differ: strings and whole numbers that something is compared with, and
// the client's arguments. Texts with equal keys have plans that differ in these
// values alone.
type Lifted struct {
	// Values are those taken out, in the order of the text.
	Values []Value
	client string
	key    []byte
}

// Value is one that was taken out of a text.
type Value struct {
	// Text is a string, or the digits of a number from 0.
	Text string
	// String tells a string from a number.
	String bool
	// Fixed values are arguments of any other kind, which are part of the key.
	Fixed       bool
	placeholder bool // it is the argument arg; else it is from the text
	arg         any
	start, end  int // in the client's text
}

// Append appends the value as a literal.
func (v *Value) Append(sql []byte) []byte {
	if !v.String {
		return append(sql, v.Text...)
	}
	sql = append(sql, '\'')
	for i := range len(v.Text) {
		if c := v.Text[i]; c == '\'' || c == '\\' {
			sql = append(sql, c)
		}
		sql = append(sql, v.Text[i])
	}
	return append(sql, '\'')
}

// Lift takes the values out of a query. It reuses what l holds. It reports false
// for texts of which that is of no use, or not to be had in one pass.
func (l *Lifted) Lift(sql string, args []any) bool {
	l.client, l.key, l.Values = sql, l.key[:0], l.Values[:0]
	if !utf8.ValidString(sql) {
		return false
	}
	s := lifter{scanner: scanner{src: sql}, lifted: l, args: args}
	for {
		t := s.next()
		switch t.kind {
		case tokenEnd:
			l.key = append(l.key, sql[s.done:]...)
			return len(s.args) == 0 && len(l.Values) <= maxLifted
		case tokenExecutable, tokenEndless:
			return false
		}
		if !s.take(t) {
			return false
		}
	}
}

// Key returns what texts of one kind share. It is valid until the next Lift.
func (l *Lifted) Key() []byte { return l.key }

// lifter is the state of Lift.
type lifter struct {
	scanner
	lifted *Lifted
	args   []any // those without a placeholder so far
	done   int   // the text up to here is in the key
	last   token
	ready  bool // something is compared with what comes next
	list   bool // what comes next is in the list of an IN
}

// take looks at one token. It reports false where an argument is missing.
func (s *lifter) take(t token) bool {
	before, ready := s.last, s.ready
	s.last, s.ready = t, false
	switch t.kind {
	case tokenString:
		if ready && s.isPlain(t) {
			s.lift(t, Value{Text: s.src[t.start+1 : t.end-1], String: true})
		}
	case tokenWord:
		switch text := s.src[t.start:t.end]; {
		case ready && isCount(text) && !strings.HasPrefix(s.src[t.end:], "."):
			s.lift(t, Value{Text: text})
		case len(text) <= len("between"):
			s.ready = comparesWith(text)
		}
	case tokenSymbol:
		if s.src[t.start] == '?' {
			return s.argument(t)
		}
		s.ready = s.symbol(t, before)
	}
	s.list = s.list && (s.ready || ready)
	return true
}

// symbol reports whether something is compared with what comes behind one.
func (s *lifter) symbol(t, before token) bool {
	switch s.src[t.start] {
	case '=':
		return before.end != t.start || s.src[before.start] != ':'
	case '<':
		return true
	case '>': // -> and ->> take paths
		left := s.src[:t.start]
		return !strings.HasSuffix(left, "-") && !strings.HasSuffix(left, "->")
	case '(':
		s.list = strings.EqualFold(s.src[before.start:before.end], "in")
		return s.list
	case ',':
		return s.list
	}
	return false
}

// comparesWith reports whether a word compares something with what comes behind it.
// An AND does in BETWEEN; elsewhere a value behind it is none of a comparison,
// which Parse finds out.
func comparesWith(word string) bool {
	switch len(word) {
	case 3:
		return strings.EqualFold(word, "and")
	case 4:
		return strings.EqualFold(word, "like")
	case 7:
		return strings.EqualFold(word, "between")
	}
	return false
}

// lift takes the value that stands at a token, and leaves its kind in the key.
func (s *lifter) lift(t token, v Value) {
	l := s.lifted
	v.start, v.end = t.start, t.end
	l.key = append(l.key, s.src[s.done:t.start]...)
	l.key = append(l.key, tree.HoleMark, s.kind(t, &v), l.same(&v))
	if v.Fixed {
		l.key = append(strconv.AppendInt(l.key, int64(len(v.Text)), 10), ':')
		l.key = append(l.key, v.Text...)
	}
	if len(l.Values) <= maxLifted {
		l.Values = append(l.Values, v)
	}
	s.done = t.end
}

// kind returns what the key says of a value. Which quotes a text has, and whether
// it has a placeholder, is seen in the names of columns.
func (s *lifter) kind(t token, v *Value) byte {
	switch {
	case v.Fixed:
		return 'f'
	case v.placeholder && v.String:
		return 's'
	case v.placeholder:
		return 'n'
	case v.String:
		return s.src[t.start]
	}
	return '0'
}

// same returns which of the values so far is equal, from 1; 0: none. Plans take
// note of what is equal.
func (l *Lifted) same(v *Value) byte {
	for i := range l.Values {
		if w := &l.Values[i]; w.Text == v.Text && w.String == v.String && w.Fixed == v.Fixed {
			return byte(i + 1)
		}
	}
	return 0
}

// argument takes the next argument for the placeholder at a token.
func (s *lifter) argument(t token) bool {
	if len(s.args) == 0 {
		return false
	}
	arg := s.args[0]
	s.args = s.args[1:]
	v := Value{placeholder: true, arg: arg, Fixed: true}
	switch a := arg.(type) {
	case nil:
		v.Text = "null"
	case string:
		if v.Text = a; !utf8.ValidString(a) {
			return false
		}
		v.String, v.Fixed = true, maybeZoned(a)
	case json.Number:
		v.Text = string(a)
		v.Fixed = !isCount(v.Text)
	case int64:
		v.Text = strconv.FormatInt(a, 10)
		v.Fixed = !isCount(v.Text)
	default:
		return false
	}
	s.lift(t, v)
	return true
}

// isPlain reports whether a token is a string by itself that reads as it is
// written, and has no time zone.
func (s *lifter) isPlain(t token) bool {
	text := s.src[t.start+1 : t.end-1]
	if strings.IndexByte(text, '\\') >= 0 || strings.IndexByte(text, s.src[t.start]) >= 0 || maybeZoned(text) {
		return false
	}
	rest := strings.TrimLeft(s.src[t.end:], blanks)
	return rest == "" || strings.IndexByte(`'"/-#`, rest[0]) < 0
}

// isCount reports whether a text is a whole number from 0 that every server takes
// for one of 64 bits, written as they write it.
func isCount(text string) bool {
	if text == "" || len(text) > 18 || text[0] == '0' && len(text) > 1 {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// maybeZoned reports whether a text may be a time with an offset from UTC, which
// changes where it is compared with a time.
func maybeZoned(text string) bool {
	const shortest = len("2006-01-02T15:04Z")
	if len(text) < shortest || text[4] != '-' {
		return false
	}
	last, sign := text[len(text)-1], text[len(text)-len("+00:00")]
	return last == 'Z' || last == 'z' || sign == '+' || sign == '-'
}
