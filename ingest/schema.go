package ingest

import (
	"fmt"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// readSchema reads the schema, an object of field names and their types. null
// is an empty one. It reports all that is wrong with it at once.
func (p *parser) readSchema() error {
	switch p.peek() {
	case '{':
	case 'n':
		_, err := p.literal()
		return err
	default:
		return invalid(fault.TypeMismatch, "schema", "a schema is an object")
	}
	p.pos++
	s := schema{columns: make(map[string]string)}
	for first := true; ; first = false {
		more, err := p.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := p.schemaField(&s); err != nil {
			return err
		}
	}
	if n := len(s.fields); n > catalog.MaxFields {
		s.wrong("schema", fault.TooManyFields, fmt.Sprintf("%d fields, more than %d", n, catalog.MaxFields))
	}
	if s.invalid.Total > 0 {
		return &s.invalid
	}
	p.req.fields = s.fields
	return nil
}

// schemaField reads one field and its type.
func (p *parser) schemaField(s *schema) error {
	name, err := p.name()
	if err != nil {
		return err
	}
	if p.peek() != '"' {
		s.wrong(name, fault.UnknownType, "a type is a string: "+typeNames)
		return p.skip(1)
	}
	value, escaped, err := p.text()
	if err != nil {
		return err
	}
	typ, err := p.plainText(value, escaped)
	if err != nil {
		return err
	}
	s.add(name, typ)
	return nil
}

const typeNames = "string, int, float, bool, timestamp or json"

// schema gathers the fields of a schema, and what is wrong with them.
type schema struct {
	fields  []catalog.Field
	columns map[string]string // the field of each column, by the column's name in lower case
	invalid InvalidError
}

func (s *schema) wrong(field string, code fault.Code, detail string) {
	s.invalid.add(fault.Event{Event: fault.Request, Field: field, Code: code, Detail: detail})
}

func (s *schema) add(name, typeName string) {
	if code, detail := checkField(name); code != "" {
		s.wrong(name, code, detail)
		return
	}
	typ, ok := catalog.ParseFieldType(typeName)
	if !ok {
		s.wrong(name, fault.UnknownType, fmt.Sprintf("%q is none of %s", typeName, typeNames))
		return
	}
	column := strings.ToLower(catalog.FieldColumn(name))
	switch other, taken := s.columns[column]; {
	case !taken:
		s.columns[column] = name
		s.fields = append(s.fields, catalog.Field{Name: name, Type: typ})
	case other == name:
		s.wrong(name, fault.DuplicateKey, "the field stands twice in the schema")
	case strings.EqualFold(other, name):
		s.wrong(name, fault.CaseConflict, "the field differs only in case from "+other)
	default:
		s.wrong(name, fault.IDConflict, "the field needs the same column as "+other+", since the column id is the table's own key")
	}
}
