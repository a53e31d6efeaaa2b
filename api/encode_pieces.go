package api

import (
	"encoding/base64"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
)

const (
	// largeValue is how long a value may be, in bytes, to be encoded into the
	// buffer as a whole. A longer one goes through it in pieces, so that no
	// buffer has to hold a second copy of it.
	largeValue = 16 << 10
	// pieceSize is a multiple of 3, for base64, and small enough that the
	// buffer has room for a piece with its escapes.
	pieceSize = 12 << 10
)

// pieces is how a large value is written: what encode makes of each of its
// pieces, between quotes if there are any.
type pieces struct {
	quote  string
	of     iter.Seq[[]byte]
	encode encoder
}

// split returns a value in pieces.
func split(value []byte, quote string, encode encoder) pieces {
	return pieces{quote, slices.Chunk(value, pieceSize), encode}
}

// A splitter returns the pieces that make up what the encoder of the same
// column and format appends.
type splitter func(value []byte) pieces

// jsonSplitter goes with jsonEncoder: no number or BIT is large, so that what
// claims to be one is text.
func jsonSplitter(t catalog.Type) splitter {
	switch t {
	case catalog.JSON:
		return splitJSON
	case catalog.Geometry:
		return splitGeometry
	}
	return splitText
}

func splitText(value []byte) pieces {
	if utf8.Valid(value) {
		return split(value, `"`, appendTextPart)
	}
	return split(value, `"`, base64.StdEncoding.AppendEncode)
}

// appendTextPart appends a part of a valid text, without quotation marks; it
// may begin and end within a character.
func appendTextPart(dst, part []byte) []byte {
	n := plainPrefix(part)
	return appendEscaped(append(dst, part[:n]...), part[n:])
}

func splitJSON(value []byte) pieces {
	if !validJSON(value) {
		return splitText(value)
	}
	return split(value, "", appendOneLine)
}

func splitGeometry(value []byte) pieces {
	if !isGeometry(value) {
		return split(value, `"`, base64.StdEncoding.AppendEncode)
	}
	return pieces{"", geoPieces(value), appendVerbatim}
}

// csvSplitter goes with csvEncoder.
func csvSplitter(t catalog.Type) splitter {
	if t == catalog.Geometry {
		return splitGeometryField
	}
	return splitField
}

func splitField(value []byte) pieces {
	switch {
	case !utf8.Valid(value):
		return split(value, "", base64.StdEncoding.AppendEncode)
	case !needsQuotes(value):
		return split(value, "", appendVerbatim)
	}
	return split(value, `"`, appendQuotesDoubled)
}

func splitGeometryField(value []byte) pieces {
	if !isGeometry(value) {
		return split(value, "", base64.StdEncoding.AppendEncode)
	}
	return pieces{`"`, geoPieces(value), appendQuotesDoubled}
}
