package catalog

import "fmt"

// Field is a field of a family's events, of one of the six types that
// ParseFieldType returns.
type Field struct {
	Name string
	Type Type
}

// Change is what became of a family that was to have some fields.
type Change struct {
	// Table is the family's table, with all the fields that were asked for.
	Table *Table
	// Created says that it was this call that brought the family into being.
	Created bool
	// Added names the fields that it was this call that added, in the order
	// in which they were asked for.
	Added []string
}

// Covers returns the family's table if it has all the fields, and nil if
// something is missing. Errors are *TypeConflictError, *CaseConflictError and
// ErrNameTaken.
func (s *Snapshot) Covers(name string, fields []Field) (*Table, error) {
	t, ok := s.Table(name)
	switch {
	case !ok:
		return nil, Reserved(name)
	case t.Kind != Family:
		return nil, fmt.Errorf("family %s: %w by a table", name, ErrNameTaken)
	}
	missing := false
	for _, f := range fields {
		column, ok := t.Column(FieldColumn(f.Name))
		if !ok {
			missing = true
		} else if err := conflict(t.Name, f, column); err != nil {
			return nil, err
		}
	}
	if missing {
		return nil, nil
	}
	return t, nil
}

// conflict tells why the field can't be kept in the column, if it can't.
func conflict(family string, f Field, c *Column) error {
	switch {
	case c.Name != FieldColumn(f.Name):
		return &CaseConflictError{Family: family, Field: f.Name, Stored: c.Name}
	case !Fits(c.Type, f.Type):
		return &TypeConflictError{Family: family, Field: f.Name, Stored: c.Type, Offered: f.Type}
	}
	return nil
}
