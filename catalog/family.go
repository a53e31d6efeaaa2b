package catalog

import (
	"context"
	"database/sql"
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
	columns    []Column // of fields, by position
	pending    []Column // those of columns that are adding
	placements []Placement
	// visible is the family as queries may see it: with its active columns
	// only, and nil unless the family is active.
	visible *Table
}

// unfinished reports whether the family has an intent that someone must
// finish.
func (f *family) unfinished() bool { return f.state != familyActive || len(f.pending) > 0 }

// table returns the family's table with the given columns and the key.
func (f *family) table(columns []Column) *Table {
	t := &Table{ID: f.id, Name: f.name, Kind: Family, Placements: f.placements}
	t.Columns = append(make([]Column, 0, 1+len(columns)), Column{Name: KeyColumn, Type: Int})
	t.Columns = append(t.Columns, columns...)
	return t
}

// columnRow is a row of the columns table.
type columnRow struct {
	family int64
	column Column
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
	if err := loadPlacements(ctx, q, families, where, args); err != nil {
		return nil, err
	}
	if err := loadColumns(ctx, q, families, where, args); err != nil {
		return nil, err
	}
	return families, nil
}

func loadPlacements(ctx context.Context, q querier, families map[int64]*family, where string, args []any) error {
	type row struct {
		family    int64
		placement Placement
	}
	list, err := collect(ctx, q, "placements", func(rows *sql.Rows, r *row) error {
		return rows.Scan(&r.family, &r.placement.Number, &r.placement.Shard)
	}, `SELECT p.family_id, p.number, p.shard FROM placements p JOIN families f ON f.id = p.family_id
		WHERE `+where+` ORDER BY p.family_id, p.number`, args...)
	for _, r := range list {
		f := families[r.family]
		f.placements = append(f.placements, r.placement)
	}
	return err
}

// loadColumns completes the families with their columns, and with what is
// made of those.
func loadColumns(ctx context.Context, q querier, families map[int64]*family, where string, args []any) error {
	list, err := collect(ctx, q, "columns", func(rows *sql.Rows, r *columnRow) error {
		r.column.Nullable = true
		return rows.Scan(&r.family, &r.column.Position, &r.column.Name, &r.column.Type, &r.column.Group, &r.state)
	}, "SELECT c.family_id, c.position, c.name, c.type, c.grp, c.state FROM `columns` c"+`
		JOIN families f ON f.id = c.family_id WHERE `+where+` ORDER BY c.family_id, c.position`, args...)
	if err != nil {
		return err
	}
	active := make(map[int64][]Column, len(families))
	for _, r := range list {
		f := families[r.family]
		f.columns = append(f.columns, r.column)
		if r.state == columnAdding {
			f.pending = append(f.pending, r.column)
		} else {
			active[r.family] = append(active[r.family], r.column)
		}
	}
	for _, f := range families {
		if f.state == familyActive {
			f.visible = f.table(active[f.id])
		}
	}
	return nil
}
