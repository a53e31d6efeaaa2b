package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kolide/databalancer/catalog"
)

// pendingIndexes has those that are dropping first, and shadows last.
func pendingIndexes(f *family) (pending []intent) {
	for _, ix := range f.indexesIn(indexDropping) {
		pending = append(pending, oldIndex{f: f, ix: ix})
	}
	for _, ix := range f.indexesIn(indexAdding) {
		pending = append(pending, newIndex{f, ix})
	}
	return append(pending, pendingShadows(f)...)
}

// newIndex is the intent to make an index. A server that refuses such an index
// ends it.
type newIndex struct {
	f  *family
	ix index
}

// run leaves out placements that are adding: they get their indexes with their
// tables.
func (n newIndex) run(ctx context.Context, ddl DDL) error {
	t := n.f.table(n.f.columns)
	for _, p := range n.f.placements {
		if p.state == placementAdding {
			continue
		}
		if err := ddl.AddIndex(ctx, p.Shard, t, n.ix.named(t.Columns)); err != nil {
			return err
		}
	}
	return nil
}

func (n newIndex) mark(ctx context.Context, tx *sql.Tx) error {
	return setIndex(ctx, tx, n.f.id, n.ix.positions, indexActive)
}

func (n newIndex) hopeless(err error) bool { return errors.Is(err, catalog.ErrIndexRefused) }

// withdraw makes it the intent to drop what there is of the index.
func (n newIndex) withdraw(ctx context.Context, tx *sql.Tx) error {
	return setIndex(ctx, tx, n.f.id, n.ix.positions, indexDropping)
}

// oldIndex is the intent to drop an index.
type oldIndex struct {
	f  *family
	ix index
	insistent
}

// run takes in placements that are adding, too: an earlier attempt may have
// made one's table with the index.
func (o oldIndex) run(ctx context.Context, ddl DDL) error {
	t := o.f.table(o.f.columns)
	for _, p := range o.f.placements {
		if err := ddl.DropIndex(ctx, p.Shard, t, o.ix.named(t.Columns)); err != nil {
			return err
		}
	}
	return nil
}

// mark makes it the intent to drop the index's shadow, too, if there is one: of
// an index that was refused there may be.
func (o oldIndex) mark(ctx context.Context, tx *sql.Tx) error {
	if len(o.ix.positions) == 1 {
		if err := exec(ctx, tx, "shadows", `UPDATE shadows SET state = ? WHERE family_id = ? AND position = ? AND bucket = ''`,
			indexDropping, o.f.id, o.ix.positions[0]); err != nil {
			return err
		}
	}
	return exec(ctx, tx, "indexes", "DELETE FROM `indexes` WHERE family_id = ? AND column_list = ?",
		o.f.id, formatPositions(o.ix.positions))
}
