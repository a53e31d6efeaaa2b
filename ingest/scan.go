package ingest

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// maxNesting is how deep a value may be nested that is only skipped. It keeps
// the recursion bounded; what is stored may be nested up to MaxDepth.
const maxNesting = 1000

// span is a range of the body: where a value stands, or the text between a
// string's quotes.
type span struct{ start, end int }

// scanner reads JSON (RFC 8259) by position. It checks the syntax alone: that
// the text is UTF-8, and that surrogates come in pairs, is for the caller to
// check. Its errors are *SyntaxError.
type scanner struct {
	buf []byte
	pos int
}

func (s *scanner) bytes(r span) []byte { return s.buf[r.start:r.end] }

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// unexpected returns the error for the byte at the scanner's position.
func (s *scanner) unexpected(wanted string) error {
	if s.pos >= len(s.buf) {
		return &SyntaxError{Offset: len(s.buf), Reason: "unexpected end, instead of " + wanted}
	}
	r, size := utf8.DecodeRune(s.buf[s.pos:])
	found := fmt.Sprintf("%q", r)
	if r == utf8.RuneError && size == 1 {
		found = fmt.Sprintf("byte 0x%02x", s.buf[s.pos])
	}
	return &SyntaxError{Offset: s.pos, Reason: "unexpected " + found + ", instead of " + wanted}
}

// expect skips white space and the byte c.
func (s *scanner) expect(c byte) error {
	if s.peek() != c {
		return s.unexpected("'" + string(rune(c)) + "'")
	}
	s.pos++
	return nil
}

// more is called at the start of an array's or object's next element, and
// after each one. It returns false, behind the closing byte, when there are
// no more.
func (s *scanner) more(first bool, closing byte) (bool, error) {
	switch c := s.peek(); {
	case c == closing:
		s.pos++
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, s.unexpected("',' or '" + string(rune(closing)) + "'")
	}
	s.pos++
	if s.peek() == closing {
		return false, s.unexpected("an element after ','")
	}
	return true, nil
}

// key reads a member's name and the colon behind it.
func (s *scanner) key() (name span, escaped bool, err error) {
	if s.peek() != '"' {
		return name, false, s.unexpected("a name in quotes")
	}
	if name, escaped, err = s.text(); err != nil {
		return name, escaped, err
	}
	return name, escaped, s.expect(':')
}

// text reads the string that begins at the scanner's position. It returns
// what stands between the quotes, and whether that has escapes.
func (s *scanner) text() (content span, escaped bool, err error) {
	start := s.pos + 1
	for i := s.plain(start); i < len(s.buf); i = s.plain(i) {
		switch s.buf[i] {
		case '"':
			s.pos = i + 1
			return span{start, i}, escaped, nil
		case '\\':
			size := escapeSize(s.buf[i:])
			if size == 0 {
				return content, false, &SyntaxError{Offset: i, Reason: "invalid escape in a string"}
			}
			escaped = true
			i += size
		default:
			return content, false, &SyntaxError{Offset: i, Reason: "control character in a string"}
		}
	}
	return content, false, &SyntaxError{Offset: len(s.buf), Reason: "unexpected end, inside a string"}
}

// plain returns the position of the first byte from i on that is not plain
// text: a quote, a backslash or a control character.
func (s *scanner) plain(i int) int {
	for ; i+8 <= len(s.buf); i += 8 {
		if marks := special(binary.LittleEndian.Uint64(s.buf[i:])); marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for ; i < len(s.buf); i++ {
		if c := s.buf[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return i
}

// special marks the bytes of a word that end plain text, by their highest
// bit. Only the lowest mark is sure to be right, as a borrow may add others
// above it.
func special(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & highs
}

// escapeSize returns the length of the escape sequence that b begins with, or
// 0 if it is none.
func escapeSize(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

// number reads a number, and reports whether it is an integer literal, one
// without fraction and exponent.
func (s *scanner) number() (literal span, integer bool, err error) {
	literal.start, integer = s.pos, true
	if s.is('-') {
		s.pos++
	}
	if s.is('0') {
		s.pos++
	} else if !s.digits() {
		return literal, false, s.unexpected("a value")
	}
	if s.is('.') {
		s.pos++
		if integer = false; !s.digits() {
			return literal, false, s.unexpected("a digit")
		}
	}
	if s.is('e') || s.is('E') {
		s.pos++
		if s.is('+') || s.is('-') {
			s.pos++
		}
		if integer = false; !s.digits() {
			return literal, false, s.unexpected("a digit")
		}
	}
	literal.end = s.pos
	return literal, integer, nil
}

func (s *scanner) is(c byte) bool { return s.pos < len(s.buf) && s.buf[s.pos] == c }

// digits skips digits, and reports whether there were any.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.buf) && s.buf[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

// literal reads one of the three names, which begins with the byte at the
// scanner's position.
func (s *scanner) literal() (span, error) {
	name := "null"
	switch s.buf[s.pos] {
	case 't':
		name = "true"
	case 'f':
		name = "false"
	}
	r := span{s.pos, s.pos + len(name)}
	if r.end > len(s.buf) || string(s.bytes(r)) != name {
		return r, s.unexpected("a value")
	}
	s.pos = r.end
	return r, nil
}

// skip reads a value of any type, of which depth levels are open already.
func (s *scanner) skip(depth int) (err error) {
	switch s.peek() {
	case '{':
		return s.skipObject(depth + 1)
	case '[':
		return s.skipArray(depth + 1)
	case '"':
		_, _, err = s.text()
	case 't', 'f', 'n':
		_, err = s.literal()
	default:
		_, _, err = s.number()
	}
	return err
}

func (s *scanner) tooDeep() error {
	return &SyntaxError{Offset: s.pos, Reason: fmt.Sprintf("nested deeper than %d levels", maxNesting), tooDeep: true}
}

func (s *scanner) skipObject(depth int) error {
	if depth > maxNesting {
		return s.tooDeep()
	}
	s.pos++
	for first := true; ; first = false {
		if more, err := s.more(first, '}'); err != nil || !more {
			return err
		}
		if _, _, err := s.key(); err != nil {
			return err
		}
		if err := s.skip(depth); err != nil {
			return err
		}
	}
}

func (s *scanner) skipArray(depth int) error {
	if depth > maxNesting {
		return s.tooDeep()
	}
	s.pos++
	for first := true; ; first = false {
		if more, err := s.more(first, ']'); err != nil || !more {
			return err
		}
		if err := s.skip(depth); err != nil {
			return err
		}
	}
}

// bracketed moves behind the array or object that begins at the scanner's
// position. It only counts brackets, which is many times faster than reading
// the value: whoever reads it later must see that it ends where this says.
func (s *scanner) bracketed() error {
	for depth := 0; s.pos < len(s.buf); {
		switch s.buf[s.pos] {
		case '"':
			if _, _, err := s.text(); err != nil {
				return err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.pos++
		if depth == 0 {
			return nil
		}
	}
	return s.unexpected("the end of an array or object")
}
