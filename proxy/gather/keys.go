package gather

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// maxKeyList bounds the literals of a filter's keys, in bytes.
const maxKeyList = 1 << 20

// narrowed returns the statement that reads the step's rows: its own, or
// where it has a filter, the one narrowed to the keys that are at home. It is
// empty where there are no keys and so no rows.
func (s *shipment) narrowed(ctx context.Context) (string, error) {
	filter := s.step.Ship.Filter
	if filter == nil {
		return s.step.SQL, nil
	}
	list, usable, err := s.attempt.home.keys(ctx, filter)
	switch {
	case err != nil:
		return "", s.attempt.reopened(err)
	case !usable:
		return s.step.SQL, nil
	case len(list) == 0:
		return "", nil
	}
	return filter.Before + string(list) + filter.Behind, nil
}

// keys returns the filter's keys as literals, separated by commas. They are
// not usable where they are too many, or of a type whose literals might not
// find what they should.
func (s *session) keys(ctx context.Context, filter *router.Filter) (list []byte, usable bool, err error) {
	if err := s.lock(ctx); err != nil {
		return nil, false, err
	}
	defer s.unlock()
	rows, err := s.query(ctx, filter.Keys)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	if len(rows.Columns()) != 1 {
		return nil, false, fmt.Errorf("%w: keys of %d columns", errPlan, len(rows.Columns()))
	}
	list, usable = readKeys(rows, filter.Max)
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	_, err = rows.Warnings(ctx, s.tag) // of interest only where keys were cut
	return list, usable, err
}

// readKeys reads all keys. NULL is none: nothing equals it.
func readKeys(rows *shard.Rows, most int) (list []byte, usable bool) {
	literal := keyLiteral(rows.Columns()[0])
	usable = literal != nil
	for n := 0; rows.Next(); {
		value := rows.Values()[0]
		if value == nil || !usable {
			continue
		}
		if n++; n > most || len(list) > maxKeyList {
			usable = false
			continue
		}
		if n > 1 {
			list = append(list, ',')
		}
		if list = literal(list, value); list == nil {
			usable = false
		}
	}
	return list, usable
}

// keyLiteral returns what appends a key of that type to a list, and nil where
// it can't be one; for a type without literals that are surely found again it
// returns nil: FLOAT's text is lossy, ENUM and SET compare by number or by
// text, BIT comes as bytes or digits.
func keyLiteral(t shard.ColumnType) func(dst, value []byte) []byte {
	switch t.Type {
	case catalog.Int, catalog.Decimal:
		return appendNumber
	case catalog.Float:
		if t.DatabaseType == "DOUBLE" && !t.HasScale {
			return appendDouble
		}
	case catalog.Text:
		if t.DatabaseType != "ENUM" && t.DatabaseType != "SET" {
			return appendString
		}
	case catalog.Date, catalog.Timestamp:
		return appendDate
	case "": // nothing but NULL
		return appendString
	case catalog.Bytes:
		if t.DatabaseType != "VECTOR" && t.DatabaseType != "UNKNOWN" {
			return func(dst, value []byte) []byte { return appendBytes(dst, "_binary ", value) }
		}
	}
	return nil
}

// appendDate appends a date that exists, as far as its month and day go. Of
// others a server finds none where its sql_mode has NO_ZERO_DATE.
func appendDate(dst, value []byte) []byte {
	if bytes.HasPrefix(value, []byte("0000")) || bytes.Contains(value, []byte("-00")) {
		return nil
	}
	return appendString(dst, value)
}

func appendNumber(dst, value []byte) []byte {
	if !isNumber(value) {
		return nil
	}
	return append(dst, value...)
}

// appendDouble appends a number so that it is read as a DOUBLE.
func appendDouble(dst, value []byte) []byte {
	mantissa, exponent, _ := bytes.Cut(value, []byte("e"))
	if !isNumber(mantissa) {
		return nil
	}
	dst = append(append(dst, mantissa...), 'e')
	if len(exponent) == 0 {
		return append(dst, '0')
	}
	if e := bytes.TrimLeft(exponent, "+-"); !isNumber(e) {
		return nil
	}
	return append(dst, exponent...)
}
