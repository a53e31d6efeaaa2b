package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Source is one named item of a FROM: a catalog table, a CTE or a derived
// table.
type Source struct {
	Name    string         // what qualifies its columns in the restored text
	Table   *catalog.Table // nil for a CTE and a derived table
	Block   *Block         // nil for a catalog table, a JSON_TABLE and a CTE inside itself
	Ref     *ast.TableSource
	wide    bool     // has hidden columns that * must not show
	Columns []Column // of a CTE or derived table; nil when not known

	Computed bool // a JSON_TABLE: from values of the row, wherever that is joined
}

// known reports whether the source's columns can be told.
func (s *Source) known() bool { return s.Table != nil || s.Columns != nil }

// Width returns the number of columns that * shows, 0 when they are not known.
func (s *Source) Width() int {
	if s.Table == nil {
		return len(s.Columns)
	}
	return len(s.Table.Columns)
}

// Column returns one of the columns that * shows.
func (s *Source) Column(i int) Column {
	if s.Table == nil {
		return s.Columns[i]
	}
	c := &s.Table.Columns[i]
	return Column{Name: c.Name, Type: c.Type}
}

// Shadows returns the columns beside those that * shows, which only we name.
func (s *Source) Shadows() []Column {
	if s.Table == nil {
		return nil
	}
	columns := make([]Column, len(s.Table.Shadows))
	for i, shadow := range s.Table.Shadows {
		columns[i] = Column{Name: shadow.Name(), Type: shadow.Type()}
	}
	return columns
}

// count returns the number of columns of that name, and the type of the
// first.
func (s *Source) count(name string) (int, catalog.Type) {
	if s.Table != nil {
		if c, ok := s.Table.Column(name); ok {
			return 1, c.Type
		}
		if shadow, ok := s.Table.ShadowNamed(name); ok {
			return 1, shadow.Type()
		}
		return 0, ""
	}
	n, typ := 0, catalog.Type("")
	for i := range s.Columns {
		if strings.EqualFold(s.Columns[i].Name, name) {
			if n++; n == 1 {
				typ = s.Columns[i].Type
			}
		}
	}
	return n, typ
}

// IsJSON reports whether servers take a column of that type for JSON: raw_logs
// keeps its JSON as text.
func (s *Source) IsJSON(typ catalog.Type) bool {
	return typ == catalog.JSON && (s.Table == nil || s.Table.Kind != catalog.System)
}

// Operand is a node of the tree that the joins of one FROM form: either a
// source or a join of two operands.
type Operand struct {
	Source      *Source
	Join        *ast.Join
	Left, Right *Operand

	columns  []merged // see visible
	known    bool
	computed bool
}

// wide reports whether a source in the operand has hidden columns.
func (op *Operand) wide() bool {
	if op.Source != nil {
		return op.Source.wide
	}
	return op.Left.wide() || op.Right.wide()
}

// Having appends the sources of an operand that have a column of that name.
func (op *Operand) Having(name string, list []*Source) []*Source {
	if op.Source == nil {
		return op.Right.Having(name, op.Left.Having(name, list))
	}
	if n, _ := op.Source.count(name); n > 0 {
		list = append(list, op.Source)
	}
	return list
}
