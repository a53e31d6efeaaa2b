package load

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-faster/jx"

	"github.com/kolide/databalancer/catalog"
)

// Field is one field of a schema.
type Field struct {
	Source string       // its name in the events
	Name   string       // the name it is sent by; see the package's comment
	Type   catalog.Type // one of the six types of an event's field
}

// Schema is the fields of a family, in the order in which events first bear
// them.
type Schema []Field

// Infer returns the schema of all events in r, which is read to its end: JSON
// objects separated by white space, or one JSON array of them. Each field has
// the first of the types bool, int, float, timestamp, text and json that
// gives back all its values equal:
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
// Null is a value of every type. A field that is always null is text.
func Infer(r io.Reader) (Schema, error) {
	s := newSurvey()
	events := newSplitter(r)
	for {
		event, line, err := events.next()
		if errors.Is(err, io.EOF) {
			return s.schema(nil, nil), nil
		}
		if err == nil {
			err = s.add(event)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// survey is what a family's events have shown so far.
type survey struct {
	fields []string // in order of appearance
	seen   map[string]*sight
	events int
	dec    jx.Decoder
}

func newSurvey() *survey { return &survey{seen: make(map[string]*sight)} }

// add surveys one event. It errs if the text is not a JSON object.
func (s *survey) add(event []byte) error {
	s.dec.ResetBytes(event)
	err := s.dec.ObjBytes(func(d *jx.Decoder, key []byte) error {
		at := s.seen[string(key)]
		if at == nil {
			at = new(sight)
			s.fields = append(s.fields, string(key))
			s.seen[string(key)] = at
		}
		return at.add(d)
	})
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	s.events++
	return nil
}

// schema returns the fields with the types that hold them. A type given for a
// field is taken unseen; one of a stored column is taken where it holds all
// values.
func (s *survey) schema(given map[string]catalog.Type, stored []storedColumn) Schema {
	names := assignNames(s.fields, stored)
	types := make(map[string]catalog.Type, len(stored))
	for _, c := range stored {
		types[columnKey(c.Name)] = c.Type
	}
	schema := make(Schema, len(s.fields))
	for i, field := range s.fields {
		f := Field{Source: field, Name: names[field], Type: s.seen[field].fieldType()}
		if t, ok := types[columnKey(f.Name)]; ok && s.seen[field].fits(t) {
			f.Type = t
		}
		if t, ok := given[field]; ok {
			f.Type = t
		}
		schema[i] = f
	}
	return schema
}

// renames returns the names of the fields that are sent by another one.
func (s Schema) renames() map[string]string {
	var m map[string]string
	for _, f := range s {
		if f.Name == f.Source {
			continue
		}
		if m == nil {
			m = make(map[string]string)
		}
		m[f.Source] = f.Name
	}
	return m
}
