package gather

import (
	"encoding/hex"
	"errors"
)

var errNumber = errors.New("value is no number")

// appendLiteral appends a value, in the text form of the protocol, as the
// literal that stores it again. nil is NULL.
func (c *column) appendLiteral(dst, value []byte) ([]byte, error) {
	if value == nil {
		return append(dst, "NULL"...), nil
	}
	switch c.form {
	case bare:
		if !isNumber(value) {
			return dst, errNumber
		}
		return append(dst, value...), nil
	case octets, encoded:
		return appendBytes(dst, "", value), nil
	}
	return appendString(dst, value), nil
}

// literal is how a value that is neither empty nor a number is written: what
// part makes of each part of it, one after the other, between two texts.
type literal struct {
	before, after string
	part          func(dst, part []byte) []byte
}

func (c *column) literal() literal {
	if c.form == octets || c.form == encoded {
		return literal{before: "0x", part: hex.AppendEncode}
	}
	return literal{"'", "'", appendEscaped}
}

// isNumber reports whether a value may stand in a statement as it is: what a
// server sends is not to be trusted to be what it is called.
func isNumber(value []byte) bool {
	for i, c := range value {
		switch {
		case c >= '0' && c <= '9', c == '.' && i > 0, c == '-' && i == 0:
		default:
			return false
		}
	}
	return len(value) > 0
}

// appendString appends a string in quotes.
func appendString(dst, value []byte) []byte {
	return append(appendEscaped(append(dst, '\''), value), '\'')
}

// appendEscaped appends a part of a string in quotes. The session's charset is
// utf8mb4, in which no byte of a longer character can be taken for a quote or a
// backslash, and its sql_mode takes backslashes for escapes.
func appendEscaped(dst, part []byte) []byte {
	start := 0
	for i, c := range part {
		if c != '\'' && c != '\\' && c != 0 {
			continue
		}
		dst = append(dst, part[start:i]...)
		start = i + 1
		if c == 0 {
			c = '0'
		}
		dst = append(dst, '\\', c)
	}
	return append(dst, part[start:]...)
}

// appendBytes appends bytes as a hexadecimal literal, whose empty form does
// not exist.
func appendBytes(dst []byte, introducer string, value []byte) []byte {
	dst = append(dst, introducer...)
	if len(value) == 0 {
		return append(dst, "''"...)
	}
	dst = append(dst, "0x"...)
	return hex.AppendEncode(dst, value)
}
