package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/fault"
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
	Placement
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

// SpreadError means that a family can't be on as many shards as were asked
// for: it is on more already, and none is taken from it, or there are not so
// many.
type SpreadError struct {
	Family    string
	Asked     int // shards
	Placed    int // shards that the family is on
	Available int // active shards besides these
}

// Shrinks reports whether the family is on more shards than were asked for.
func (e *SpreadError) Shrinks() bool { return e.Asked < e.Placed }

func (e *SpreadError) Error() string {
	if e.Shrinks() {
		return fmt.Sprintf("family %s: it is on %d shards, and is not taken from any of them to be on %d", e.Family, e.Placed, e.Asked)
	}
	return fmt.Sprintf("family %s: it is on %d shards, and %d others are active: that makes less than %d", e.Family, e.Placed, e.Available, e.Asked)
}

func (e *SpreadError) Code() fault.Code {
	if e.Shrinks() {
		return fault.CannotShrink
	}
	return fault.NotEnoughShards
}

func (e *SpreadError) Facts() fault.Facts {
	if e.Shrinks() {
		return fault.Facts{Family: e.Family, Limit: e.Placed}
	}
	return fault.Facts{Family: e.Family, Limit: e.Placed + e.Available}
}

// Spread gives the family placements on so many shards: on those that it is on
// already, and then on the active ones with the least data for their weight.
// It returns when the tables are there, and the snapshot shows them; new rows
// go to the new ones after Config.Grace. If it fails after the catalog has
// noted it, any process finishes it. Errors are *SpreadError,
// ErrUnknownFamily, ErrNameTaken (a table of somebody else's on a shard),
// ErrUnavailable, ErrBusy and those of the DDL.
func (c *Catalog) Spread(ctx context.Context, name string, shards int) (*Table, error) {
	return c.alter(ctx, name, placementsPart, func(ctx context.Context, tx *sql.Tx, f *family) (uint64, error) {
		return spreadIn(ctx, tx, f, shards)
	}, func(t *Table) bool { return len(t.Placements) >= shards })
}

// spreadIn proposes the placements that the family lacks.
func spreadIn(ctx context.Context, tx *sql.Tx, f *family, shards int) (version uint64, err error) {
	lacks := shards - len(f.placements)
	if lacks == 0 {
		return 0, nil
	}
	refused := &SpreadError{Family: f.name, Asked: shards, Placed: len(f.placements)}
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
		_, err := tx.ExecContext(ctx, `INSERT INTO placements (family_id, number, shard, state) VALUES (?, ?, ?, ?)`,
			f.id, number+i, shard, placementAdding)
		if err != nil {
			return 0, fmt.Errorf("catalog placements: %w", err)
		}
	}
	return version, nil
}

// createPlacements creates the tables of the placements that are adding. One
// that fails doesn't hold up the others.
func (c *Catalog) createPlacements(ctx context.Context, f *family) (outcome, error) {
	var done outcome
	var errs []error
	t := f.table(f.columns)
	for _, p := range f.placementsIn(placementAdding) {
		switch err := c.ddl(f, c.cfg.DDL.CreateTable(ctx, p.Shard, t, p.Placement)); {
		case err == nil:
			done.created = append(done.created, p.Number)
		case errors.Is(err, ErrNameTaken):
			done.withdrawn = append(done.withdrawn, p.Number)
			errs = append(errs, err)
		default:
			errs = append(errs, err)
		}
	}
	return done, errors.Join(errs...)
}

// markPlacements turns the intents that are done into facts.
func markPlacements(ctx context.Context, tx *sql.Tx, f *family, done outcome) error {
	if err := setPlacements(ctx, tx, f.id, done.created, placementFresh); err != nil {
		return err
	}
	for _, number := range done.withdrawn {
		_, err := tx.ExecContext(ctx, `DELETE FROM placements WHERE family_id = ? AND number = ?`, f.id, number)
		if err != nil {
			return fmt.Errorf("catalog placements: %w", err)
		}
	}
	return nil
}

func setPlacements(ctx context.Context, tx *sql.Tx, id int64, numbers []int, state string) error {
	for _, number := range numbers {
		_, err := tx.ExecContext(ctx, `UPDATE placements SET state = ? WHERE family_id = ? AND number = ?`, state, id, number)
		if err != nil {
			return fmt.Errorf("catalog placements: %w", err)
		}
	}
	return nil
}
