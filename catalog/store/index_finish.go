package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/catalog"
)

// changeIndexes makes the placements' tables lose the indexes that are
// dropping, and have those that are adding. One that fails doesn't hold up the
// others.
func (s *Store) changeIndexes(ctx context.Context, f *family) (outcome, error) {
	var done outcome
	var errs []error
	t := f.table(f.columns)
	for _, ix := range f.indexesIn(indexDropping) {
		if err := s.dropIndex(ctx, f, t, ix); err != nil {
			errs = append(errs, err)
		} else {
			done.dropped = append(done.dropped, ix)
		}
	}
	for _, ix := range f.indexesIn(indexAdding) {
		switch err := s.addIndex(ctx, f, t, ix); {
		case err == nil:
			done.indexed = append(done.indexed, ix)
		case errors.Is(err, catalog.ErrIndexRefused):
			done.refused = append(done.refused, ix)
			errs = append(errs, err)
		default:
			errs = append(errs, err)
		}
	}
	return done, errors.Join(errs...)
}

// addIndex leaves out placements that are adding: they get their indexes with
// their tables.
func (s *Store) addIndex(ctx context.Context, f *family, t *catalog.Table, ix index) error {
	for _, p := range f.placements {
		if p.state == placementAdding {
			continue
		}
		if err := s.ddl(f, s.cfg.DDL.AddIndex(ctx, p.Shard, t, ix.named(t.Columns))); err != nil {
			return err
		}
	}
	return nil
}

// dropIndex takes in placements that are adding, too: an earlier attempt may
// have made one's table with the index.
func (s *Store) dropIndex(ctx context.Context, f *family, t *catalog.Table, ix index) error {
	for _, p := range f.placements {
		if err := s.ddl(f, s.cfg.DDL.DropIndex(ctx, p.Shard, t, ix.named(t.Columns))); err != nil {
			return err
		}
	}
	return nil
}

// markIndexes turns the intents that are done into facts, and those that were
// refused into the intent to drop what there is of them.
func markIndexes(ctx context.Context, tx *sql.Tx, f *family, done outcome) error {
	for _, ix := range done.dropped {
		_, err := tx.ExecContext(ctx, "DELETE FROM `indexes` WHERE family_id = ? AND column_list = ?",
			f.id, formatPositions(ix.positions))
		if err != nil {
			return fmt.Errorf("catalog indexes: %w", err)
		}
	}
	for _, ix := range done.indexed {
		if err := setIndex(ctx, tx, f.id, ix.positions, indexActive); err != nil {
			return err
		}
	}
	for _, ix := range done.refused {
		if err := setIndex(ctx, tx, f.id, ix.positions, indexDropping); err != nil {
			return err
		}
	}
	return nil
}
