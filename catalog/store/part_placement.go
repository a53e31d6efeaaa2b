package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kolide/databalancer/catalog"
)

// newPlacement is the intent to create one more placement of a family, whose
// table gets all columns and indexes. A shard that has given the name to
// somebody else's table ends it, and so does one whose rows don't take as much.
type newPlacement struct {
	f *family
	p catalog.Placement
}

func pendingPlacements(f *family) (pending []intent) {
	for _, p := range f.placementsIn(placementAdding) {
		pending = append(pending, newPlacement{f, p.Placement})
	}
	return pending
}

func (n newPlacement) run(ctx context.Context, ddl DDL) error {
	return ddl.CreateTable(ctx, n.p.Shard, n.f.table(n.f.columns), n.p)
}

// mark makes the placement a fresh one: writers are let in by opener.
func (n newPlacement) mark(ctx context.Context, tx *sql.Tx) error {
	return setPlacement(ctx, tx, n.f.id, n.p.Number, placementFresh)
}

func (n newPlacement) hopeless(err error) bool {
	return errors.Is(err, catalog.ErrNameTaken) || errors.Is(err, catalog.ErrTooWide)
}

func (n newPlacement) withdraw(ctx context.Context, tx *sql.Tx) error {
	return exec(ctx, tx, "placements", `DELETE FROM placements WHERE family_id = ? AND number = ?`, n.f.id, n.p.Number)
}

func setPlacement(ctx context.Context, tx *sql.Tx, id int64, number int, state string) error {
	return exec(ctx, tx, "placements", `UPDATE placements SET state = ? WHERE family_id = ? AND number = ?`, state, id, number)
}
