package ingest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// field is one field of a request's schema.
type field struct {
	name   string
	typ    catalog.Type // as the request declares it
	stored catalog.Type // of the column that takes it; Fits(stored, typ) holds
	rank   int          // its place among the fields in the order of their names
}

// fieldSet are the fields of a request's schema, in its order. It is
// immutable.
type fieldSet struct {
	list   []field
	byName map[string]int
	keys   []string // by rank: the name as a member's key, with quotes and colon
}

// newFieldSet returns the set of the fields as the table stores them. A field
// that the table doesn't have, or a table that is nil, is expected to be
// stored as declared.
func newFieldSet(declared []catalog.Field, table *catalog.Table) *fieldSet {
	s := &fieldSet{
		list:   make([]field, len(declared)),
		byName: make(map[string]int, len(declared)),
		keys:   make([]string, len(declared)),
	}
	order := make([]int, len(declared))
	for i, f := range declared {
		s.list[i] = field{name: f.Name, typ: f.Type, stored: storedType(f, table)}
		s.byName[f.Name] = i
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(declared[a].Name, declared[b].Name) })
	for rank, i := range order {
		s.list[i].rank = rank
		s.keys[rank] = `"` + declared[i].Name + `":` // a name has nothing to escape
	}
	return s
}

func storedType(f catalog.Field, table *catalog.Table) catalog.Type {
	if table != nil {
		if c, ok := table.Column(catalog.FieldColumn(f.Name)); ok && catalog.Fits(c.Type, f.Type) {
			return c.Type
		}
	}
	return f.Type
}

// storedAs reports whether the table stores the fields as the set expects.
func (s *fieldSet) storedAs(table *catalog.Table) bool {
	return !slices.ContainsFunc(s.list, func(f field) bool {
		c, ok := table.Column(catalog.FieldColumn(f.name))
		return !ok || c.Type != f.stored
	})
}

// checkField checks a field's name.
func checkField(name string) (fault.Code, string) {
	switch {
	case len(name) == 0 || len(name) > catalog.MaxName:
		return fault.InvalidField, "a name has 1 to 64 characters"
	case strings.IndexFunc(name, func(r rune) bool { return r != '/' && !nameRune(r) }) >= 0:
		return fault.InvalidField, "a name consists of ASCII letters, digits and _ - . : @ $ /"
	case catalog.IsReserved(name):
		return fault.ReservedField, "names that begin with " + catalog.ReservedPrefix + " are reserved"
	}
	return "", ""
}

// checkFamily checks a family's name.
func checkFamily(name string) (fault.Code, string) {
	switch {
	case len(name) == 0 || len(name) > catalog.MaxName:
		return fault.InvalidFamily, "a name has 1 to 64 characters"
	case strings.IndexFunc(name, func(r rune) bool { return !nameRune(r) }) >= 0:
		return fault.InvalidFamily, "a name consists of ASCII letters, digits and _ - . : @ $"
	case name == "." || name == "..":
		return fault.InvalidFamily, "a name is not . or .."
	case catalog.FileNameSize(name) > catalog.MaxFileName:
		return fault.InvalidFamily, "a name takes at most 200 bytes in a file's name, where each of - . : @ $ counts as five"
	case catalog.IsReserved(name), strings.EqualFold(name, catalog.RawLogs):
		return fault.ReservedFamily, catalog.RawLogs + " and names that begin with " + catalog.ReservedPrefix + " are reserved"
	}
	return "", ""
}

func nameRune(r rune) bool { return catalog.IsPlain(r) || strings.ContainsRune("-.:@$", r) }
