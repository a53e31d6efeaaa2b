package store

import (
	"context"
	"database/sql"

	"github.com/kolide/databalancer/catalog"
)

// The states of a family: creating and dropping are intents.
const (
	familyCreating = "creating"
	familyActive   = "active"
	familyDropping = "dropping"
)

// The states of a column: adding is an intent.
const (
	columnAdding = "adding"
	columnActive = "active"
)

// family is a family as the catalog's database has it.
type family struct {
	id         int64
	name       string
	state      string
	version    uint64
	columns    []catalog.Column // of fields, by position
	adding     []catalog.Column // those of columns that are not in all tables yet
	placements []placement
	indexes    []index
	shadows    []shadow
	// visible is the family as queries may see it: with its active columns and
	// indexes and the placements that have a table, and nil unless the family
	// is active.
	visible *catalog.Table
}

// table returns the family's table with the given columns and the key, and
// with the placements, indexes and shadows that it is to have.
func (f *family) table(columns []catalog.Column) *catalog.Table {
	t := &catalog.Table{ID: f.id, Name: f.name, Kind: catalog.Family}
	t.Columns = append(make([]catalog.Column, 0, 1+len(columns)), catalog.Column{Name: catalog.KeyColumn, Type: catalog.Int})
	t.Columns = append(t.Columns, columns...)
	for _, p := range f.placements {
		t.Placements = append(t.Placements, p.Placement)
	}
	t.Indexes = f.namedIndexes(t.Columns, indexActive, indexAdding)
	t.Shadows = f.namedShadows(t.Columns, indexActive, indexAdding)
	return t
}

// visibleTable returns the family's table as queries may see it.
func (f *family) visibleTable(active []catalog.Column) *catalog.Table {
	t := f.table(active)
	t.Placements = nil
	for _, p := range f.placements {
		if p.state != placementAdding {
			p.Fresh = p.state == placementFresh
			t.Placements = append(t.Placements, p.Placement)
		}
	}
	t.Indexes = f.namedIndexes(t.Columns, indexActive)
	t.Shadows = f.namedShadows(t.Columns, indexActive, indexAdding, indexDropping)
	return t
}

// columnRow is a row of the columns table.
type columnRow struct {
	family int64
	column catalog.Column
	state  string
}

// loadFamilies returns the families that match the condition, which may name
// the families table as f.
func loadFamilies(ctx context.Context, q querier, where string, args ...any) (map[int64]*family, error) {
	list, err := collect(ctx, q, "families", func(rows *sql.Rows, f *family) error {
		return rows.Scan(&f.id, &f.name, &f.state, &f.version)
	}, `SELECT f.id, f.name, f.state, f.version FROM families f WHERE `+where, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	families := make(map[int64]*family, len(list))
	for i := range list {
		families[list[i].id] = &list[i]
	}
	for _, load := range []func(context.Context, querier, map[int64]*family, string, []any) error{
		loadPlacements, loadIndexes, loadShadows, loadColumns,
	} {
		if err := load(ctx, q, families, where, args); err != nil {
			return nil, err
		}
	}
	return families, nil
}

// loadColumns completes the families with their columns, and with what is
// made of all.
func loadColumns(ctx context.Context, q querier, families map[int64]*family, where string, args []any) error {
	list, err := collect(ctx, q, "columns", func(rows *sql.Rows, r *columnRow) error {
		r.column.Nullable = true
		return rows.Scan(&r.family, &r.column.Position, &r.column.Name, &r.column.Type, &r.column.Group, &r.state)
	}, "SELECT c.family_id, c.position, c.name, c.type, c.grp, c.state FROM `columns` c"+`
		JOIN families f ON f.id = c.family_id WHERE `+where+` ORDER BY c.family_id, c.position`, args...)
	if err != nil {
		return err
	}
	active := make(map[int64][]catalog.Column, len(families))
	for _, r := range list {
		f := families[r.family]
		f.columns = append(f.columns, r.column)
		if r.state == columnAdding {
			f.adding = append(f.adding, r.column)
		} else {
			active[r.family] = append(active[r.family], r.column)
		}
	}
	for _, f := range families {
		if f.state == familyActive {
			f.visible = f.visibleTable(active[f.id])
		}
	}
	return nil
}
