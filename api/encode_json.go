package api

import (
	"bytes"
	"unicode/utf8"
)

// appendJSON appends a JSON document on one line, as NDJSON needs it: a raw
// line feed in a valid document is white space. Text that is no JSON, which a
// server without a check may hold, is appended as a string. So the answer is
// well-formed whatever the server holds.
func appendJSON(dst, value []byte) []byte {
	if !validJSON(value) {
		return appendText(dst, value)
	}
	return appendOneLine(dst, value)
}

// appendOneLine appends a part of a valid document.
func appendOneLine(dst, part []byte) []byte {
	start := len(dst)
	dst = append(dst, part...)
	replaceByte(dst[start:], '\n', ' ')
	replaceByte(dst[start:], '\r', ' ')
	return dst
}

func replaceByte(b []byte, before, after byte) {
	for i := bytes.IndexByte(b, before); i >= 0; i = bytes.IndexByte(b, before) {
		b[i] = after
		b = b[i+1:]
	}
}

// maxNesting is how deep a document's arrays and objects may be nested.
const maxNesting = 10_000

// validJSON reports whether the value is one JSON document in UTF-8. It goes
// over the value once, eight bytes at a time within strings, and takes two
// thirds of the time of utf8.Valid and jx.Valid: for documents as logs have
// them, that was half of all encoding.
func validJSON(value []byte) bool {
	rest, ok := passValue(value, 0)
	return ok && len(passSpace(rest)) == 0
}

// The functions below return what follows the part of a document that b
// begins with, and false where b does not begin with such a part.

func passValue(b []byte, depth int) (rest []byte, ok bool) {
	b = passSpace(b)
	if len(b) == 0 || depth > maxNesting {
		return nil, false
	}
	switch b[0] {
	case '"':
		return passString(b)
	case '{':
		return passObject(b[1:], depth)
	case '[':
		return passArray(b[1:], depth)
	case 't':
		return bytes.CutPrefix(b, []byte("true"))
	case 'f':
		return bytes.CutPrefix(b, []byte("false"))
	case 'n':
		return bytes.CutPrefix(b, []byte("null"))
	}
	return passNumber(b)
}

func passSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\r' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// passObject begins after the brace.
func passObject(b []byte, depth int) (rest []byte, ok bool) {
	if b = passSpace(b); len(b) > 0 && b[0] == '}' {
		return b[1:], true
	}
	for {
		if b, ok = passString(passSpace(b)); !ok {
			return nil, false
		}
		if b = passSpace(b); len(b) == 0 || b[0] != ':' {
			return nil, false
		}
		if b, ok = passValue(b[1:], depth+1); !ok {
			return nil, false
		}
		if b = passSpace(b); len(b) == 0 || b[0] != ',' {
			return bytes.CutPrefix(b, []byte("}"))
		}
		b = b[1:]
	}
}

// passArray begins after the bracket.
func passArray(b []byte, depth int) (rest []byte, ok bool) {
	if b = passSpace(b); len(b) > 0 && b[0] == ']' {
		return b[1:], true
	}
	for {
		if b, ok = passValue(b, depth+1); !ok {
			return nil, false
		}
		if b = passSpace(b); len(b) == 0 || b[0] != ',' {
			return bytes.CutPrefix(b, []byte("]"))
		}
		b = b[1:]
	}
}

func passString(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, false
	}
	for b = b[1:]; ; {
		b = b[plainPrefix(b):]
		switch {
		case len(b) == 0:
			return nil, false
		case b[0] == '"':
			return b[1:], true
		case b[0] == '\\':
			if b, ok = passEscape(b); !ok {
				return nil, false
			}
		default: // a control character is one byte, too, but no error
			r, size := utf8.DecodeRune(b)
			if r < ' ' || r == utf8.RuneError && size == 1 {
				return nil, false
			}
			b = b[size:]
		}
	}
}

func passEscape(b []byte) (rest []byte, ok bool) {
	switch {
	case len(b) < 2:
		return nil, false
	case b[1] == 'u':
		return b[min(6, len(b)):], codeUnit(b) >= 0
	}
	return b[2:], bytes.IndexByte([]byte(`"\/bfnrt`), b[1]) >= 0
}

func passNumber(b []byte) (rest []byte, ok bool) {
	n := numberLength(b)
	return b[n:], isNumber(b[:n])
}

// numberLength returns how many bytes at the beginning may belong to a number.
func numberLength(b []byte) int {
	for i, c := range b {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c|0x20 != 'e' {
			return i
		}
	}
	return len(b)
}
