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
// and a hopeless intent is withdrawn; its error is returned.
func (s *Store) finish(ctx context.Context, id int64, p *part) error {
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
func (s *Store) tryFinish(ctx context.Context, id int64, p *part) error {
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

var errNoDDL = errors.New("no means to change tables")

// finishIn is one attempt of finish, in a transaction. left is why something
// was not done while something else was, which is to be committed.
func (s *Store) finishIn(ctx context.Context, tx *sql.Tx, id int64, p *part, lock string) (left, err error) {
	f, err := lockFamily(ctx, tx, lock, `f.id = ?`, id)
	if err != nil || f == nil {
		return nil, err
	}
	intents := f.pending(p)
	if len(intents) == 0 {
		return nil, nil
	}
	if s.cfg.DDL == nil {
		return nil, errNoDDL
	}
	if err := s.failpoint("before DDL"); err != nil {
		return nil, err
	}
	notes, left := s.runAll(ctx, f, intents)
	if len(notes) == 0 {
		return nil, left
	}
	if err := s.failpoint("after DDL"); err != nil {
		return nil, err
	}
	if err := noteAll(ctx, tx, f.id, notes); err != nil {
		return nil, err
	}
	return left, s.failpoint("finish before commit")
}

// note writes to the catalog what has become of an intent.
type note func(ctx context.Context, tx *sql.Tx) error

// runAll has the shards do what is intended; one intent that fails doesn't
// hold up the others. It returns what to note of those that are done or
// hopeless, and why some are not done.
func (s *Store) runAll(ctx context.Context, f *family, intents []intent) (notes []note, left error) {
	var errs []error
	for _, i := range intents {
		err := i.run(ctx, s.cfg.DDL)
		if err == nil {
			notes = append(notes, i.mark)
			continue
		}
		if i.hopeless(err) {
			notes = append(notes, i.withdraw)
		}
		errs = append(errs, &shardError{fmt.Errorf("family %s: %w", f.name, err)})
	}
	return notes, errors.Join(errs...)
}

func noteAll(ctx context.Context, tx *sql.Tx, id int64, notes []note) error {
	version, err := bump(ctx, tx)
	if err != nil {
		return err
	}
	for _, note := range notes {
		if err := note(ctx, tx); err != nil {
			return err
		}
	}
	return stamp(ctx, tx, id, familyActive, version) // of a forgotten family, nothing
}
