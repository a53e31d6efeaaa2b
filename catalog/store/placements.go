package store

import (
	"context"
	"database/sql"

	"github.com/kolide/databalancer/catalog"
)

// The states of a family's placement: adding is an intent. A fresh one has its
// table, so that queries read it, but is known for less than Config.Grace, so
// that nobody writes to it.
const (
	placementAdding = "adding"
	placementFresh  = "fresh"
	placementActive = "active"
)

// placement is a family's placement as the catalog's database has it.
type placement struct {
	catalog.Placement
	state string
}

// placementsIn returns the family's placements in that state, by number.
func (f *family) placementsIn(state string) (found []placement) {
	for _, p := range f.placements {
		if p.state == state {
			found = append(found, p)
		}
	}
	return found
}

// loadPlacements completes the families with their placements.
func loadPlacements(ctx context.Context, q querier, families map[int64]*family, where string, args []any) error {
	type row struct {
		family    int64
		placement placement
	}
	list, err := collect(ctx, q, "placements", func(rows *sql.Rows, r *row) error {
		return rows.Scan(&r.family, &r.placement.Number, &r.placement.Shard, &r.placement.state)
	}, `SELECT p.family_id, p.number, p.shard, p.state FROM placements p JOIN families f ON f.id = p.family_id
		WHERE `+where+` ORDER BY p.family_id, p.number`, args...)
	for _, r := range list {
		f := families[r.family]
		f.placements = append(f.placements, r.placement)
	}
	return err
}

// Spread gives the family placements on so many shards: on those that it is on
// already, and then on the active ones with the least data for their weight.
// It returns when the tables are there, and the snapshot shows them; new rows
// go to the new ones after Config.Grace. If it fails after the catalog has
// noted it, any process finishes it. Errors are *catalog.SpreadError,
// catalog.ErrUnknownFamily, catalog.ErrTooWide, catalog.ErrNameTaken (a table
// of somebody else's on a shard), catalog.ErrUnavailable, catalog.ErrBusy and
// those of the DDL.
func (s *Store) Spread(ctx context.Context, name string, shards int) (*catalog.Table, error) {
	return s.alter(ctx, name, placementsPart, func(ctx context.Context, tx *sql.Tx, f *family) (uint64, error) {
		return spreadIn(ctx, tx, f, shards)
	}, func(t *catalog.Table) bool { return len(t.Placements) >= shards })
}

// spreadIn proposes the placements that the family lacks.
func spreadIn(ctx context.Context, tx *sql.Tx, f *family, shards int) (version uint64, err error) {
	lacks := shards - len(f.placements)
	if lacks == 0 {
		return 0, nil
	}
	refused := &catalog.SpreadError{Family: f.name, Asked: shards, Placed: len(f.placements)}
	if lacks < 0 {
		return 0, refused
	}
	if version, err = bump(ctx, tx); err != nil {
		return 0, err
	}
	names, err := placeMore(ctx, tx, f, lacks)
	if err != nil {
		return 0, err
	}
	if refused.Available = len(names); len(names) < lacks {
		return 0, refused
	}
	number := f.placements[len(f.placements)-1].Number + 1
	for i, shard := range names {
		if err := exec(ctx, tx, "placements", `INSERT INTO placements (family_id, number, shard, state) VALUES (?, ?, ?, ?)`,
			f.id, number+i, shard, placementAdding); err != nil {
			return 0, err
		}
	}
	return version, nil
}
