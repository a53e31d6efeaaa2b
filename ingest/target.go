package ingest

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/server"
)

// target says where the values of a request's fields go: which columns its
// INSERT names, and which field fills which. It is immutable.
type target struct {
	shards []string // of the placements that take rows
	table  *catalog.Table
	fields *fieldSet
	insert string // INSERT INTO … VALUES, without the rows
	params int    // of one row
	places []place
	groups int // hidden columns: the last of the parameters
}

// place is where a field's value goes: into a parameter, as it is or as a
// member of its JSON.
type place struct {
	param  int
	group  int    // the index of the hidden column among the target's; -1: none
	member string // the key in the hidden column, with quotes and colon
	json   bool   // the value's text is JSON already
}

// newTarget returns the target of a request with these fields, for these of the
// table's placements. The table has all the fields.
func newTarget(t *catalog.Table, placements []catalog.Placement, fields *fieldSet) *target {
	tg := &target{
		shards: make([]string, len(placements)),
		table:  t,
		fields: fields,
		places: make([]place, len(fields.list)),
	}
	for i, p := range placements {
		tg.shards[i] = p.Shard
	}
	var columns []string
	hidden := map[int]int{} // the index of each group's column
	for i, f := range fields.list {
		c, _ := t.Column(catalog.FieldColumn(f.name))
		if c.Group == 0 {
			tg.places[i] = place{param: len(columns), group: -1}
			columns = append(columns, c.Name)
			continue
		}
		group, ok := hidden[c.Group]
		if !ok {
			group = len(hidden)
			hidden[c.Group] = group
		}
		tg.places[i] = place{group: group, member: `"` + tables.Member(c.Position) + `":`, json: c.Type == catalog.JSON}
	}
	stored := len(columns)
	columns = append(columns, make([]string, len(hidden))...)
	for number, group := range hidden {
		columns[stored+group] = catalog.HiddenColumn(number)
	}
	for i := range tg.places {
		if p := &tg.places[i]; p.group >= 0 {
			p.param = stored + p.group
		}
	}
	tg.groups, tg.params = len(hidden), len(columns)
	tg.insert = insertInto(t.Name, columns)
	return tg
}

// insertInto spells an INSERT up to its rows.
func insertInto(table string, columns []string) string {
	if len(columns) == 0 { // the server needs some column
		return "INSERT INTO " + server.QuoteName(table) + " (`" + catalog.KeyColumn + "`) VALUES "
	}
	return "INSERT INTO " + server.QuoteName(table) + " (`" + strings.Join(columns, "`,`") + "`) VALUES "
}

// row spells the placeholders of one row.
func (tg *target) row() string {
	if tg.params == 0 {
		return "(NULL)" // the key takes its next value
	}
	return "(" + strings.Repeat("?,", tg.params-1) + "?)"
}
