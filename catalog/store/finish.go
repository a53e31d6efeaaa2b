package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// finish does what the family's intents of one part say and marks it done: the
// second and third step. It does nothing when someone else has done so, or
// when the family of that id is gone. While a table is busy it tries again
// until ctx ends. What was done is marked, also where something else failed,
// and an intent is withdrawn that can never be done: to create a table whose
// name is taken on the shard, which is catalog.ErrNameTaken, or an index that
// the server refuses, which is catalog.ErrIndexRefused.
func (s *Store) finish(ctx context.Context, id int64, p part) error {
	wait := backoff{min: 50 * time.Millisecond, max: 3 * time.Second}
	for {
		var left error
		err := s.tx(ctx, func(tx *sql.Tx) (err error) {
			left, err = s.finishIn(ctx, tx, id, p, forUpdate)
			return err
		})
		if err == nil {
			err = left
		}
		if err == nil {
			return s.failpoint("finished")
		}
		if !errors.Is(err, catalog.ErrBusy) {
			return err
		}
		if ended := wait.next(ctx); ended != nil {
			return fmt.Errorf("%w: %w", err, ended)
		}
	}
}

// tryFinish is one attempt of finish. It does nothing while someone else is at
// it.
func (s *Store) tryFinish(ctx context.Context, id int64, p part) error {
	var left error
	err := s.tryTx(ctx, func(tx *sql.Tx) (err error) {
		left, err = s.finishIn(ctx, tx, id, p, forUpdateNoWait)
		return err
	})
	if lockHeld(err) || lost(err) {
		return nil
	}
	return cmp.Or(classify(err), left)
}

// outcome is what was done of a family's intents.
type outcome struct {
	active, gone              bool  // the family as a whole: was created, is to be forgotten
	columns                   bool  // all that were adding are there
	created, withdrawn        []int // placements, by their numbers
	indexed, dropped, refused []index
}

func (o *outcome) nothing() bool {
	return !o.active && !o.gone && !o.columns &&
		len(o.created)+len(o.withdrawn)+len(o.indexed)+len(o.dropped)+len(o.refused) == 0
}

var errNoDDL = errors.New("no means to change tables")

// finishIn is one attempt of finish, in a transaction. left is why something
// was not done while something else was, which is to be committed.
func (s *Store) finishIn(ctx context.Context, tx *sql.Tx, id int64, p part, lock string) (left, err error) {
	f, err := lockFamily(ctx, tx, lock, `f.id = ?`, id)
	if err != nil || f == nil || !f.intends(p) {
		return nil, err
	}
	if s.cfg.DDL == nil {
		return nil, errNoDDL
	}
	if err := s.failpoint("before DDL"); err != nil {
		return nil, err
	}
	done, left := s.runDDL(ctx, f, p)
	if done.nothing() {
		return nil, left
	}
	if err := s.failpoint("after DDL"); err != nil {
		return nil, err
	}
	version, err := bump(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := markDone(ctx, tx, f, done, version); err != nil {
		return nil, err
	}
	return left, s.failpoint("finish before commit")
}

// runDDL makes the shards agree with the intents.
func (s *Store) runDDL(ctx context.Context, f *family, p part) (outcome, error) {
	switch {
	case f.state == familyCreating:
		return s.createFamily(ctx, f)
	case f.state == familyDropping:
		return s.dropFamily(ctx, f)
	case p == columnsPart:
		return s.addColumns(ctx, f)
	case p == placementsPart:
		return s.createPlacements(ctx, f)
	}
	return s.changeIndexes(ctx, f)
}

// ddl marks an error of a DDL for this family.
func (s *Store) ddl(f *family, err error) error {
	if err == nil {
		return nil
	}
	return &shardError{fmt.Errorf("family %s: %w", f.name, err)}
}

func (s *Store) createFamily(ctx context.Context, f *family) (outcome, error) {
	t := f.table(f.columns)
	for _, p := range f.placements {
		if err := s.ddl(f, s.cfg.DDL.CreateTable(ctx, p.Shard, t, p.Placement)); err != nil {
			return outcome{gone: errors.Is(err, catalog.ErrNameTaken)}, err
		}
	}
	return outcome{active: true}, nil
}

// dropFamily drops what it can, though a shard may be away.
func (s *Store) dropFamily(ctx context.Context, f *family) (outcome, error) {
	var errs []error
	t := f.table(f.columns)
	for _, p := range f.placements {
		errs = append(errs, s.ddl(f, s.cfg.DDL.DropTable(ctx, p.Shard, t, p.Placement)))
	}
	err := errors.Join(errs...)
	return outcome{gone: err == nil}, err
}

// addColumns leaves out placements that are adding: they get all columns with
// their tables.
func (s *Store) addColumns(ctx context.Context, f *family) (outcome, error) {
	t := f.table(f.columns)
	for _, p := range f.placements {
		if p.state == placementAdding {
			continue
		}
		if err := s.ddl(f, s.cfg.DDL.AddColumns(ctx, p.Shard, t, f.pending)); err != nil {
			return outcome{}, err
		}
	}
	return outcome{columns: true}, nil
}

// markDone turns the intents that are done into facts.
func markDone(ctx context.Context, tx *sql.Tx, f *family, done outcome, version uint64) error {
	if done.gone {
		return forget(ctx, tx, f.id)
	}
	if done.active || done.columns {
		_, err := tx.ExecContext(ctx, "UPDATE `columns` SET state = ? WHERE family_id = ? AND state = ?",
			columnActive, f.id, columnAdding)
		if err != nil {
			return fmt.Errorf("catalog columns: %w", err)
		}
	}
	if err := markPlacements(ctx, tx, f, done); err != nil {
		return err
	}
	if err := markIndexes(ctx, tx, f, done); err != nil {
		return err
	}
	return stamp(ctx, tx, f.id, familyActive, version)
}

// forget deletes all that the catalog knows of the family.
func forget(ctx context.Context, tx *sql.Tx, id int64) error {
	for _, statement := range []string{
		`DELETE FROM sizes WHERE name_key = (SELECT name_key FROM families WHERE id = ?)`,
		"DELETE FROM `columns` WHERE family_id = ?",
		"DELETE FROM `indexes` WHERE family_id = ?",
		`DELETE FROM placements WHERE family_id = ?`,
		`DELETE FROM families WHERE id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return fmt.Errorf("catalog families: %w", err)
		}
	}
	return nil
}
