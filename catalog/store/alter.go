package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// enter waits until no other caller of this process changes the family.
func (s *Store) enter(ctx context.Context, name string) (leave func(), err error) {
	if leave, err = s.gates.enter(ctx, catalog.Key(name)); err != nil {
		return nil, fmt.Errorf("family %s: %w: %w", name, catalog.ErrBusy, err)
	}
	return leave, nil
}

// change proposes a change of a family and finishes that part of its intents,
// until the snapshot shows it. propose returns the family's id, which done
// gets. More than one round is needed only when an earlier intent is in the
// way, or a later one undoes the change.
func (s *Store) change(ctx context.Context, name string, p *part,
	propose func() (id int64, err error), done func(now *catalog.Snapshot, id int64) bool) error {
	wait := backoff{min: 5 * time.Millisecond, max: time.Second}
	for {
		id, err := propose()
		if err != nil {
			return err
		}
		if err := s.finish(ctx, id, p); err != nil {
			return err
		}
		snapshot, err := s.Refresh(ctx)
		if err != nil {
			return err
		}
		if done(snapshot, id) {
			return nil
		}
		if err := wait.next(ctx); err != nil {
			return fmt.Errorf("family %s: %w: %w", name, catalog.ErrBusy, err)
		}
	}
}

// proposer writes an intent of a family that is locked and active. It returns
// the version that it has bumped the catalog to, or 0 if there was nothing to
// write.
type proposer func(ctx context.Context, tx *sql.Tx, f *family) (version uint64, err error)

// alter changes a family that exists until its table is as wanted.
func (s *Store) alter(ctx context.Context, name string, p *part, propose proposer, wanted func(*catalog.Table) bool) (*catalog.Table, error) {
	leave, err := s.enter(ctx, name)
	if err != nil {
		return nil, err
	}
	defer leave()
	var altered *catalog.Table
	err = s.change(ctx, name, p, func() (int64, error) {
		return s.proposeAlter(ctx, name, propose)
	}, func(now *catalog.Snapshot, id int64) bool {
		t, ok := now.Table(name)
		if ok && t.ID == id && wanted(t) {
			altered = t
		}
		return altered != nil
	})
	return altered, err
}

// proposeAlter commits the intent, and returns the family's id. A family that
// is being created it leaves as it is: that must be finished first.
func (s *Store) proposeAlter(ctx context.Context, name string, propose proposer) (id int64, err error) {
	err = s.propose(ctx, func(tx *sql.Tx) error {
		f, err := lockNamed(ctx, tx, name)
		if err != nil {
			return err
		}
		if f == nil || f.state == familyDropping {
			return fmt.Errorf("%w %s", catalog.ErrUnknownFamily, name)
		}
		if id = f.id; f.state == familyCreating {
			return nil
		}
		version, err := propose(ctx, tx, f)
		if err != nil || version == 0 {
			return err
		}
		return stamp(ctx, tx, id, f.state, version)
	})
	return id, err
}

// propose commits the intent that write writes: the first of the three steps.
func (s *Store) propose(ctx context.Context, write func(tx *sql.Tx) error) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := write(tx); err != nil {
			return err
		}
		return s.failpoint("propose before commit")
	})
	if err == nil {
		err = s.failpoint("proposed")
	}
	return err
}
