package api

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
)

// An encoder appends a value that is not NULL, in MySQL's text form, to dst
// in the form that the answer's format wants. It keeps neither.
type encoder func(dst, value []byte) []byte

// jsonEncoder returns the encoder of a column's values into JSON. With
// quoteLarge, integers and decimals beyond ±2^53 become strings, for clients
// that read every number into a double.
func jsonEncoder(t catalog.Type, quoteLarge bool) encoder {
	switch t {
	case catalog.Int, catalog.Decimal:
		if quoteLarge {
			return appendQuotedNumber
		}
		return appendNumber
	case catalog.Float:
		return appendNumber
	case catalog.Bool:
		return appendBool
	case catalog.JSON:
		return appendJSON
	case catalog.Geometry:
		return appendGeometry
	case catalog.Bit:
		if quoteLarge {
			return appendQuotedBit
		}
		return appendBit
	default:
		return appendText
	}
}

// appendText appends the value as a JSON string, or in base64 if it is not
// UTF-8.
func appendText(dst, value []byte) []byte {
	dst = append(dst, '"')
	n := plainPrefix(value)
	switch {
	case n == len(value):
		dst = append(dst, value...)
	case utf8.Valid(value):
		dst = appendEscaped(append(dst, value[:n]...), value[n:])
	default:
		dst = base64.StdEncoding.AppendEncode(dst, value)
	}
	return append(dst, '"')
}

// plainPrefix returns how many bytes at the beginning are ASCII and stand for
// themselves in a JSON string. It looks at eight bytes at a time.
func plainPrefix(value []byte) int {
	i := 0
	for ; i+8 <= len(value); i += 8 {
		if found := specials(binary.LittleEndian.Uint64(value[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(value); i++ {
		if c := value[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// specials looks for bytes below a blank, quotation marks, backslashes and
// bytes above ASCII among eight bytes. Each term has a byte's highest bit set
// if that byte, or one below it, is what the term looks for: subtracting makes
// a smaller byte borrow. So the lowest bit set is that of the first one.
func specials(w uint64) uint64 {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	quote, backslash := w^'"'*ones, w^'\\'*ones
	return (w | (w - ' '*ones) | (quote - ones) | (backslash - ones)) & highs
}

// appendEscaped appends valid UTF-8 with the escapes that RFC 8259, section 7,
// demands, and no others.
func appendEscaped(dst, value []byte) []byte {
	start := 0
	for i, c := range value {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, value[start:i]...)
		dst = appendEscape(dst, c)
		start = i + 1
	}
	return append(dst, value[start:]...)
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}

// appendNumber appends the value with its exact digits, and what is not a
// JSON number as a string.
func appendNumber(dst, value []byte) []byte {
	if isNumber(value) {
		return append(dst, value...)
	}
	return appendText(dst, value)
}

func appendQuotedNumber(dst, value []byte) []byte {
	if beyondDouble(value) {
		return appendText(dst, value)
	}
	return appendNumber(dst, value)
}

// isNumber reports whether the value is a number as JSON spells it, which
// forbids leading zeros.
func isNumber(value []byte) bool {
	unsigned := unsign(value)
	n := digits(unsigned)
	if n == 0 || n > 1 && unsigned[0] == '0' {
		return false
	}
	return n == len(unsigned) || isFraction(unsigned[n:])
}

// isFraction reports whether rest, what follows a number's integer digits, is
// empty or a fraction, an exponent or both.
func isFraction(rest []byte) bool {
	if len(rest) > 0 && rest[0] == '.' {
		n := digits(rest[1:])
		if n == 0 {
			return false
		}
		rest = rest[1+n:]
	}
	if len(rest) == 0 {
		return true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false
	}
	rest = rest[1:]
	if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	return len(rest) > 0 && digits(rest) == len(rest)
}

// unsign returns the number without its minus.
func unsign(number []byte) []byte {
	if len(number) > 0 && number[0] == '-' {
		return number[1:]
	}
	return number
}

// digits returns how many bytes at the beginning are decimal digits.
func digits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

// beyondDouble reports whether the integer part of a number exceeds 2^53 in
// magnitude, up to which a double holds every integer.
func beyondDouble(number []byte) bool {
	const limit = "9007199254740992"
	number = unsign(number)
	n := digits(number)
	if n != len(limit) {
		return n > len(limit)
	}
	integer := string(number[:n])
	return integer > limit || integer == limit && n < len(number)
}

// appendBool appends true or false. A column that is BOOLEAN by name is still
// a TINYINT; another number than 0 and 1 in it is shown as it is.
func appendBool(dst, value []byte) []byte {
	if len(value) == 1 && value[0] == '0' {
		return append(dst, "false"...)
	}
	if len(value) == 1 && value[0] == '1' {
		return append(dst, "true"...)
	}
	return appendNumber(dst, value)
}

// appendBit appends the number that a BIT value's bytes stand for.
func appendBit(dst, value []byte) []byte {
	n, ok := bitNumber(value)
	if !ok {
		return appendText(dst, value)
	}
	return strconv.AppendUint(dst, n, 10)
}

func appendQuotedBit(dst, value []byte) []byte {
	n, ok := bitNumber(value)
	if !ok || n <= 1<<53 {
		return appendBit(dst, value)
	}
	return append(strconv.AppendUint(append(dst, '"'), n, 10), '"')
}

// bitNumber reads a BIT value: up to 8 bytes, the most significant first.
func bitNumber(value []byte) (n uint64, ok bool) {
	if len(value) > 8 {
		return 0, false
	}
	for _, c := range value {
		n = n<<8 | uint64(c)
	}
	return n, true
}
