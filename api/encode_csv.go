package api

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
)

// csvEncoder returns the encoder of a column's values into fields as RFC 4180
// has them. NULL is the empty field without quotes, which no encoder yields.
func csvEncoder(t catalog.Type) encoder {
	switch t {
	case catalog.Bool:
		return appendBoolField
	case catalog.Bit:
		return appendBitField
	case catalog.Geometry:
		return appendGeometryField
	case catalog.Int, catalog.Decimal, catalog.Float, catalog.Timestamp, catalog.Date, catalog.Time, catalog.Year:
		return appendVerbatim
	default:
		return appendField
	}
}

// appendVerbatim is for types whose values need no quotes.
func appendVerbatim(dst, value []byte) []byte { return append(dst, value...) }

// appendField appends the value, in quotes where a reader needs them, and in
// base64 if it is not UTF-8.
func appendField(dst, value []byte) []byte {
	if !utf8.Valid(value) {
		return base64.StdEncoding.AppendEncode(dst, value)
	}
	if !needsQuotes(value) {
		return append(dst, value...)
	}
	return append(appendQuotesDoubled(append(dst, '"'), value), '"')
}

// appendQuotesDoubled appends a part of a field that is in quotes.
func appendQuotesDoubled(dst, part []byte) []byte {
	for {
		i := bytes.IndexByte(part, '"')
		if i < 0 {
			return append(dst, part...)
		}
		dst = append(append(dst, part[:i+1]...), '"')
		part = part[i+1:]
	}
}

func needsQuotes(value []byte) bool {
	for _, c := range value {
		if c == ',' || c == '"' || c == '\r' || c == '\n' {
			return true
		}
	}
	return len(value) == 0
}

func appendBoolField(dst, value []byte) []byte {
	switch string(value) {
	case "0":
		return append(dst, "false"...)
	case "1":
		return append(dst, "true"...)
	}
	return appendField(dst, value)
}

func appendBitField(dst, value []byte) []byte {
	if len(value) > 8 {
		return appendField(dst, value)
	}
	return appendBit(dst, value)
}
