package load

import (
	"fmt"

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

// survey is what a family's events have shown so far.
type survey struct {
	fields []string // in order of appearance
	seen   map[string]*sight
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
	return nil
}

// schema returns the fields, each with the first of holders that gives back
// equal all that was seen, and text if that was null. A type given for a field
// is taken unseen; one of a stored column is taken where it holds all values.
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
