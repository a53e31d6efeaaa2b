package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/kolide/databalancer/catalog"
)

// state is a snapshot together with what the next one is made from. It is
// immutable.
type state struct {
	snapshot *catalog.Snapshot
	families map[int64]*family
	tables   map[string]*catalog.Table // registered, by their names' keys
	sizes    map[sizeKey]size          // of placements
}

func emptyState() *state { return &state{snapshot: catalog.NewSnapshot(0, nil, nil)} }

// loadState returns old brought to the given version. Placements are full from
// so many bytes on, or never if that is 0.
func loadState(ctx context.Context, q querier, version uint64, old *state, full int64) (*state, error) {
	shards, err := loadShards(ctx, q)
	if err != nil {
		return nil, err
	}
	s := &state{}
	if s.families, err = refreshFamilies(ctx, q, old); err != nil {
		return nil, err
	}
	if s.tables, err = refreshTables(ctx, q, old); err != nil {
		return nil, err
	}
	var resized map[string]bool
	if s.sizes, resized, err = refreshSizes(ctx, q, old); err != nil {
		return nil, err
	}
	s.applySizes(old, resized, full)
	s.snapshot = catalog.NewSnapshot(version, shards, s.visible())
	raw, _ := s.snapshot.Table(catalog.RawLogs)
	setSizes(raw, s.sizes, 0) // nobody else has it yet
	return s, nil
}

// visible returns the tables that queries may see, but raw_logs.
func (s *state) visible() []*catalog.Table {
	var visible []*catalog.Table
	for _, f := range s.families {
		if f.visible != nil {
			visible = append(visible, f.visible)
		}
	}
	for _, t := range s.tables {
		visible = append(visible, t)
	}
	return visible
}

// applySizes gives the sizes of their placements to the tables that were
// loaded since old, and to those that were resized, and forgets the sizes of
// tables that are gone.
func (s *state) applySizes(old *state, resized map[string]bool, full int64) {
	names := map[string]bool{catalog.RawLogs: true}
	for id, f := range s.families {
		key := catalog.Key(f.name)
		names[key] = true
		if f.visible != nil && (resized[key] || old.families[id] != f) {
			resized := *f
			resized.visible = sized(f.visible, s.sizes, full)
			s.families[id] = &resized
		}
	}
	for key, t := range s.tables {
		names[key] = true
		if resized[key] || old.tables[key] != t {
			s.tables[key] = sized(t, s.sizes, 0)
		}
	}
	maps.DeleteFunc(s.sizes, func(k sizeKey, _ size) bool { return !names[k.name] })
}

func loadShards(ctx context.Context, q querier) ([]catalog.Shard, error) {
	return collect(ctx, q, "shards", func(rows *sql.Rows, s *catalog.Shard) error {
		return rows.Scan(&s.Number, &s.Name, &s.Address, &s.Identity, &s.Catalog, &s.Collation, &s.State, &s.Weight, &s.Bytes, &s.Rows, &s.Placed)
	}, `SELECT s.number, s.name, s.address, s.identity, m.identity, m.collation, s.state, s.weight, s.bytes, s.row_count, s.placed
		FROM shards s JOIN meta m ON m.one = 1`)
}

// refreshFamilies returns old's families without those that are gone, and
// with those that have changed.
func refreshFamilies(ctx context.Context, q querier, old *state) (map[int64]*family, error) {
	ids, err := collect(ctx, q, "families", func(rows *sql.Rows, id *int64) error {
		return rows.Scan(id)
	}, `SELECT id FROM families`)
	if err != nil {
		return nil, err
	}
	families := make(map[int64]*family, len(ids))
	for _, id := range ids {
		if f, ok := old.families[id]; ok {
			families[id] = f
		}
	}
	changed, err := loadFamilies(ctx, q, `f.version > ?`, old.snapshot.Version)
	if err != nil {
		return nil, err
	}
	maps.Copy(families, changed)
	return families, nil
}

// refreshTables is refreshFamilies for registered tables.
func refreshTables(ctx context.Context, q querier, old *state) (map[string]*catalog.Table, error) {
	keys, err := collect(ctx, q, "tables", func(rows *sql.Rows, key *string) error {
		return rows.Scan(key)
	}, "SELECT name_key FROM `tables`")
	if err != nil {
		return nil, err
	}
	tables := make(map[string]*catalog.Table, len(keys))
	for _, key := range keys {
		if t, ok := old.tables[key]; ok {
			tables[key] = t
		}
	}
	changed, err := collect(ctx, q, "tables", scanTable,
		"SELECT name, shard, db_name, column_list FROM `tables` WHERE version > ?", old.snapshot.Version)
	if err != nil {
		return nil, err
	}
	for i := range changed {
		tables[catalog.Key(changed[i].Name)] = &changed[i]
	}
	return tables, nil
}

func scanTable(rows *sql.Rows, t *catalog.Table) error {
	t.Kind, t.Placements = catalog.Registered, make([]catalog.Placement, 1)
	var list []byte
	if err := rows.Scan(&t.Name, &t.Placements[0].Shard, &t.Database, &list); err != nil {
		return err
	}
	columns, err := decodeColumns(list)
	t.Columns = columns
	return err
}

// storedColumn is a registered table's Column as the catalog stores it.
type storedColumn struct {
	Name     string       `json:"name"`
	Type     catalog.Type `json:"type"`
	DataType string       `json:"data_type"`
	Nullable bool         `json:"nullable"`
	Group    int          `json:"-"`
	Position int          `json:"-"`
}

func encodeColumns(columns []catalog.Column) ([]byte, error) {
	stored := make([]storedColumn, len(columns))
	for i, c := range columns {
		stored[i] = storedColumn(c)
	}
	return json.Marshal(stored)
}

func decodeColumns(list []byte) ([]catalog.Column, error) {
	var stored []storedColumn
	if err := json.Unmarshal(list, &stored); err != nil {
		return nil, fmt.Errorf("column list: %w", err)
	}
	columns := make([]catalog.Column, len(stored))
	for i, c := range stored {
		columns[i] = catalog.Column(c)
		columns[i].Position = i
	}
	return columns, nil
}

// collect runs a query and returns what scan makes of its rows. what names
// them in errors.
func collect[T any](ctx context.Context, q querier, what string, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("catalog %s: %w", what, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, fmt.Errorf("catalog %s: %w", what, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("catalog %s: %w", what, err)
	}
	return all, nil
}
