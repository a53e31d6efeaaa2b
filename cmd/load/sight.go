package load

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-faster/jx"

	"github.com/kolide/databalancer/catalog"
)

// sight is the set of the sorts of values that a field was seen with.
type sight uint8

const (
	sawBool   sight = 1 << iota
	sawInt          // an integer that a DOUBLE holds too
	sawLong         // another integer of 64 bits
	sawFloat        // a number, not written as an integer, that a DOUBLE holds
	sawNumber       // any other number
	sawTime         // a string that a timestamp gives back
	sawString       // any other string
	sawNested       // an object or an array
)

// holders are the types, narrowest first, with what each gives back equal:
//   - int: integers that fit 64 bits;
//   - float: numbers that are the same after having been a DOUBLE: integers
//     up to ±2^53, and fractions of up to 17 significant digits in a DOUBLE's
//     range; other mixtures of numbers are json, which keeps every digit;
//   - timestamp: RFC 3339 in UTC, written with T and Z, in the years 1000 to
//     9999, with at most six digits of a second's fraction; it comes back in
//     MySQL's form, as the same instant;
//   - text: strings;
//   - json: objects, arrays and mixed types.
//
// Null is a value of every type.
var holders = []struct {
	fieldType catalog.Type
	holds     sight
}{
	{catalog.Bool, sawBool},
	{catalog.Int, sawInt | sawLong},
	{catalog.Float, sawInt | sawFloat},
	{catalog.Timestamp, sawTime},
	{catalog.Text, sawTime | sawString},
	{catalog.JSON, ^sight(0)},
}

// fits reports whether the type gives back equal all that was seen.
func (s sight) fits(t catalog.Type) bool {
	for _, h := range holders {
		if h.fieldType == t {
			return s&^h.holds == 0
		}
	}
	return false
}

// fieldType returns the narrowest type that holds all that was seen.
func (s sight) fieldType() catalog.Type {
	if s == 0 {
		return catalog.Text
	}
	for _, h := range holders {
		if s&^h.holds == 0 {
			return h.fieldType
		}
	}
	return catalog.JSON
}

// add consumes one value.
func (s *sight) add(d *jx.Decoder) error {
	switch d.Next() {
	case jx.Null:
		return d.Null()
	case jx.Bool:
		*s |= sawBool
		return d.Skip()
	case jx.Number:
		n, err := d.Num()
		if err != nil {
			return err
		}
		*s |= seeNumber(n)
		return nil
	case jx.String:
		text, err := d.StrBytes()
		if err != nil {
			return err
		}
		if *s&sawString == 0 {
			*s |= seeString(text)
		}
		return nil
	default:
		*s |= sawNested
		return d.Skip()
	}
}

func seeNumber(n []byte) sight {
	if bytes.ContainsAny(n, ".eE") {
		return seeFraction(n)
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	switch {
	case err != nil:
		return sawNumber
	case -1<<53 <= i && i <= 1<<53:
		return sawInt
	}
	return sawLong
}

// seeFraction judges a number that is not written as an integer. A DOUBLE
// has 17 significant digits, and no infinity; what is finite but becomes zero
// is lost as well.
func seeFraction(n []byte) sight {
	f, err := strconv.ParseFloat(string(n), 64)
	digits := significant(n)
	if err != nil || digits > 17 || f == 0 && digits > 0 {
		return sawNumber
	}
	return sawFloat
}

// significant counts a number's digits between the first and the last that
// are not zero.
func significant(n []byte) int {
	count, last := 0, 0
	for _, c := range n {
		if c == 'e' || c == 'E' {
			break
		}
		if c < '0' || c > '9' || c == '0' && count == 0 {
			continue
		}
		count++
		if c != '0' {
			last = count
		}
	}
	return last
}

func seeString(text []byte) sight {
	if isTimestamp(text) {
		return sawTime
	}
	return sawString
}

// isTimestamp reports whether a timestamp column gives the text back as the
// same instant, with nothing lost: RFC 3339, section 5.6, with T and Z, the
// years 1000 to 9999, at most six fractional digits, and no leap second.
func isTimestamp(text []byte) bool {
	const shortest, longest = len("2006-01-02T15:04:05Z"), len("2006-01-02T15:04:05.000000Z")
	n := len(text)
	if n < shortest || n > longest || text[n-1] != 'Z' || text[0] == '0' {
		return false
	}
	if n > shortest && (text[19] != '.' || n == shortest+1) {
		return false
	}
	_, err := time.Parse("2006-01-02T15:04:05Z", string(text))
	return err == nil
}
