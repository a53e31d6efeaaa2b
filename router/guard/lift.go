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
// one kind differ: strings and numbers that something is compared with, and the
// client's arguments. Texts with equal keys have plans that differ in these
// values alone.
type Lifted struct {
	// Values are those taken out, in the order of the text.
	Values []Value
	client string
	key    []byte
}

// Value is one that was taken out of a text.
type Value struct {
	Kind ValueKind
	// Text is a string, or a number from 0 as it is written.
	Text        string
	placeholder bool // it is the argument arg; else it is from the text
	arg         any
	start, end  int // in the client's text
}

// ValueKind is what a value is, as far as plans depend on it.
type ValueKind byte

const (
	Fixed   ValueKind = iota // an argument that is none of the others: part of the key
	String                   // in UTF-8
	Whole                    // less than 10^18
	Decimal                  // with digits on both sides of its point
)

// Append appends the value as a literal. In UTC, a time with an offset is put into
// that zone.
func (v *Value) Append(sql []byte, inUTC bool) []byte {
	if v.Kind != String {
		return append(sql, v.Text...)
	}
	text := v.Text
	if inUTC && maybeZoned(text) {
		if aligned, ok := tree.InUTC(text); ok {
			text = aligned
		}
	}
	sql = append(sql, '\'')
	for i := range len(text) {
		if c := text[i]; c == '\'' || c == '\\' {
			sql = append(sql, c)
		}
		sql = append(sql, text[i])
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
			s.lift(t, Value{Kind: String, Text: s.src[t.start+1 : t.end-1]})
		}
	case tokenWord:
		switch text := s.src[t.start:t.end]; {
		case ready && isCount(text):
			s.number(t)
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

// number takes the number that begins with the digits of a token.
func (s *lifter) number(t token) {
	if !strings.HasPrefix(s.src[t.end:], ".") {
		s.lift(t, Value{Kind: Whole, Text: s.src[t.start:t.end]})
		return
	}
	ahead := scanner{src: s.src, pos: t.end + 1}
	fraction := ahead.next()
	if fraction.start != t.end+1 || !isFraction(s.src[fraction.start:fraction.end]) || strings.HasPrefix(s.src[fraction.end:], ".") {
		return
	}
	s.pos, t.end = fraction.end, fraction.end
	s.lift(t, Value{Kind: Decimal, Text: s.src[t.start:t.end]})
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
	if v.Kind == Fixed {
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
	const quoted = 'q' // these three differ from a quote
	kind := byte(v.Kind)
	switch {
	case v.placeholder:
		return kind
	case v.Kind == String:
		return s.src[t.start]
	}
	return quoted + kind
}

// same returns which of the values so far is equal, from 1; 0: none. Plans take
// note of what is equal.
func (l *Lifted) same(v *Value) byte {
	for i := range l.Values {
		if w := &l.Values[i]; w.Text == v.Text && w.Kind == v.Kind {
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
	v := Value{placeholder: true, arg: arg}
	switch a := arg.(type) {
	case nil:
		v.Text = "null"
	case string:
		if v.Text = a; !utf8.ValidString(a) {
			return false
		}
		v.Kind = String
	case json.Number:
		v.Text = string(a)
		v.Kind = numberKind(v.Text)
	case int64:
		v.Text = strconv.FormatInt(a, 10)
		v.Kind = numberKind(v.Text)
	default:
		return false
	}
	s.lift(t, v)
	return true
}

// numberKind returns the kind of a number.
func numberKind(text string) ValueKind {
	if isCount(text) {
		return Whole
	}
	if whole, fraction, _ := strings.Cut(text, "."); isCount(whole) && isFraction(fraction) {
		return Decimal
	}
	return Fixed
}

// isPlain reports whether a token is a string by itself that reads as it is
// written.
func (s *lifter) isPlain(t token) bool {
	text := s.src[t.start+1 : t.end-1]
	if strings.IndexByte(text, '\\') >= 0 || strings.IndexByte(text, s.src[t.start]) >= 0 {
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
	return areDigits(text)
}

// isFraction reports whether a text can stand behind the point of a decimal that
// every server holds.
func isFraction(text string) bool { return text != "" && len(text) <= maxScale && areDigits(text) }

func areDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// maybeZoned reports whether a text may be a time with an offset from UTC.
func maybeZoned(text string) bool {
	const shortest = len("2006-01-02T15:04Z")
	if len(text) < shortest || text[4] != '-' {
		return false
	}
	last, sign := text[len(text)-1], text[len(text)-len("+00:00")]
	return last == 'Z' || last == 'z' || sign == '+' || sign == '-'
}
