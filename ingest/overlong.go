package ingest

import (
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
)

// overlong returns the columns for whose shadows a text of the request is too
// long.
func (d *delivery) overlong(table *catalog.Table) (columns []string) {
	if len(table.Shadows) == 0 {
		return nil
	}
	for i, f := range d.fields.list {
		column := catalog.FieldColumn(f.name)
		if _, ok := table.Shadow(column, ""); ok && d.rows.anyLonger(i, catalog.MaxShadowText) {
			columns = append(columns, column)
		}
	}
	return columns
}

// anyLonger reports whether a field has a text of more characters.
func (r *rows) anyLonger(field, characters int) bool {
	for _, c := range r.cells {
		if int(c.field) != field || c.kind != cellBody && c.kind != cellArena {
			continue
		}
		if int(c.size) > characters && utf8.RuneCount(r.content(c)) > characters {
			return true
		}
	}
	return false
}
