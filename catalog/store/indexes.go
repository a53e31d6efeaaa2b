package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
)

// The states of an index: adding and dropping are intents.
const (
	indexAdding   = "adding"
	indexActive   = "active"
	indexDropping = "dropping"
)

// index is a family's index as the catalog's database has it.
type index struct {
	positions []int // of its columns
	state     string
}

// indexesIn returns the family's indexes in that state.
func (f *family) indexesIn(state string) (found []index) {
	for _, ix := range f.indexes {
		if ix.state == state {
			found = append(found, ix)
		}
	}
	return found
}

// namedIndexes returns the indexes in these states, by their columns'
// positions.
func (f *family) namedIndexes(columns []catalog.Column, states ...string) (named []catalog.Index) {
	for _, ix := range f.indexes {
		if slices.Contains(states, ix.state) {
			named = append(named, ix.named(columns))
		}
	}
	return named
}

func (ix index) named(columns []catalog.Column) catalog.Index {
	var named catalog.Index
	for _, position := range ix.positions {
		for i := range columns {
			if columns[i].Position == position {
				named.Columns = append(named.Columns, columns[i].Name)
			}
		}
	}
	return named
}

// loadIndexes completes the families with their indexes.
func loadIndexes(ctx context.Context, q querier, families map[int64]*family, where string, args []any) error {
	type row struct {
		family int64
		index  index
	}
	list, err := collect(ctx, q, "indexes", func(rows *sql.Rows, r *row) error {
		var columns string
		if err := rows.Scan(&r.family, &columns, &r.index.state); err != nil {
			return err
		}
		var err error
		r.index.positions, err = parsePositions(columns)
		return err
	}, "SELECT x.family_id, x.column_list, x.state FROM `indexes` x JOIN families f ON f.id = x.family_id WHERE "+where, args...)
	for _, r := range list {
		f := families[r.family]
		f.indexes = append(f.indexes, r.index)
	}
	for _, f := range families {
		slices.SortFunc(f.indexes, func(a, b index) int { return slices.Compare(a.positions, b.positions) })
	}
	return err
}

// formatPositions spells an index's columns as the catalog's database keys
// them: their positions with commas.
func formatPositions(positions []int) string {
	texts := make([]string, len(positions))
	for i, p := range positions {
		texts[i] = strconv.Itoa(p)
	}
	return strings.Join(texts, ",")
}

func parsePositions(list string) (positions []int, err error) {
	for text := range strings.SplitSeq(list, ",") {
		p, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("index of columns %q: %w", list, err)
		}
		positions = append(positions, p)
	}
	return positions, nil
}

// AddIndex gives the family an index of these columns, in this order, unless
// it has one, and returns when all placements have it and the snapshot shows
// it, which may take long. An index of one text also gets a shadow, where all
// values fit; one of a bucket is a shadow. If it fails after the catalog has
// noted it, any process finishes it. Errors are *catalog.IndexError,
// catalog.ErrUnknownColumn, catalog.ErrUnknownFamily, catalog.ErrIndexRefused,
// catalog.ErrUnavailable, catalog.ErrBusy and those of the DDL.
func (s *Store) AddIndex(ctx context.Context, name string, ix catalog.Index) (*catalog.Table, error) {
	if ix.Bucket != "" {
		return s.addBucket(ctx, name, ix)
	}
	columns := ix.Columns
	return s.alter(ctx, name, indexesPart, func(ctx context.Context, tx *sql.Tx, f *family) (uint64, error) {
		return addIndexIn(ctx, tx, f, columns)
	}, func(t *catalog.Table) bool { return t.HasIndex(columns) && settled(t, columns) })
}

func addIndexIn(ctx context.Context, tx *sql.Tx, f *family, columns []string) (uint64, error) {
	positions, err := f.indexable(columns)
	if err != nil {
		return 0, err
	}
	if ix, ok := f.index(positions); ok {
		if ix.state == indexDropping {
			return 0, nil // it is to be dropped first
		}
		return proposeTextShadow(ctx, tx, f, columns)
	}
	if len(f.indexes) >= catalog.MaxIndexes {
		return 0, &catalog.IndexError{Family: f.name, Reason: fmt.Sprintf("it has %d indexes, and can't have more", catalog.MaxIndexes)}
	}
	if _, err := proposeTextShadow(ctx, tx, f, columns); err != nil {
		return 0, err
	}
	return proposeIndex(ctx, tx, f, positions, indexAdding)
}

// index returns the family's index of the columns at these positions.
func (f *family) index(positions []int) (index, bool) {
	for _, ix := range f.indexes {
		if slices.Equal(ix.positions, positions) {
			return ix, true
		}
	}
	return index{}, false
}

func proposeIndex(ctx context.Context, tx *sql.Tx, f *family, positions []int, state string) (uint64, error) {
	version, err := bump(ctx, tx)
	if err != nil {
		return 0, err
	}
	return version, setIndex(ctx, tx, f.id, positions, state)
}

const beyondStored = "is beyond the columns that are stored as such (a wide family), and can't be indexed"

// indexable returns the positions of columns that an index can have.
func (f *family) indexable(columns []string) ([]int, error) {
	if n := len(columns); n == 0 || n > catalog.MaxIndexColumns {
		return nil, &catalog.IndexError{Family: f.name, Reason: fmt.Sprintf("an index has 1 to %d columns", catalog.MaxIndexColumns)}
	}
	found, err := f.find(columns)
	if err != nil {
		return nil, err
	}
	positions := make([]int, len(found))
	for i, c := range found {
		reason := ""
		switch {
		case c.Type == catalog.JSON:
			reason = "holds catalog.JSON, which has no order that an index could have"
		case c.Group > 0:
			reason = beyondStored
		case slices.Contains(positions[:i], c.Position):
			reason = "is there twice"
		case c.Position == 0 && len(columns) == 1:
			reason = "is the key, which has its index"
		}
		if reason != "" {
			return nil, &catalog.IndexError{Family: f.name, Column: c.Name, Reason: reason}
		}
		positions[i] = c.Position
	}
	return positions, nil
}

// find returns the family's active columns of these names.
func (f *family) find(names []string) ([]catalog.Column, error) {
	t := f.table(f.columns)
	found := make([]catalog.Column, len(names))
	for i, name := range names {
		c, ok := t.Column(name)
		if !ok || slices.Contains(f.adding, *c) {
			return nil, fmt.Errorf("family %s: %w %s", f.name, catalog.ErrUnknownColumn, name)
		}
		found[i] = *c
	}
	return found, nil
}

func setIndex(ctx context.Context, tx *sql.Tx, id int64, positions []int, state string) error {
	return exec(ctx, tx, "indexes", "REPLACE INTO `indexes` (family_id, column_list, state) VALUES (?, ?, ?)",
		id, formatPositions(positions), state)
}

// DropIndex takes the index of these columns from the family, with its shadow,
// and returns when no placement has it any more. If it fails after the catalog has noted it,
// any process finishes it. Errors are catalog.ErrUnknownIndex,
// catalog.ErrUnknownFamily, catalog.ErrUnavailable, catalog.ErrBusy and those
// of the DDL.
func (s *Store) DropIndex(ctx context.Context, name string, ix catalog.Index) error {
	columns := ix.Columns
	if ix.Bucket != "" {
		return s.dropBucket(ctx, name, ix)
	}
	_, err := s.alter(ctx, name, indexesPart, func(ctx context.Context, tx *sql.Tx, f *family) (uint64, error) {
		return dropIndexIn(ctx, tx, f, columns)
	}, func(t *catalog.Table) bool { return !t.HasIndex(columns) && settled(t, columns) })
	return err
}

func dropIndexIn(ctx context.Context, tx *sql.Tx, f *family, columns []string) (uint64, error) {
	unknown := fmt.Errorf("family %s: %w of %s", f.name, catalog.ErrUnknownIndex, strings.Join(columns, ", "))
	found, err := f.find(columns)
	if err != nil {
		return 0, unknown
	}
	positions := make([]int, len(found))
	for i, c := range found {
		positions[i] = c.Position
	}
	switch ix, ok := f.index(positions); {
	case !ok:
		return 0, unknown
	case ix.state == indexDropping:
		return 0, nil
	}
	if len(positions) == 1 {
		if _, err := proposeNoShadow(ctx, tx, f, shadow{position: positions[0]}.like); err != nil {
			return 0, err
		}
	}
	return proposeIndex(ctx, tx, f, positions, indexDropping)
}
