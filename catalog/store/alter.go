package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// proposer writes an intent of a family that is locked and active. It returns
// the version that it has bumped the catalog to, or 0 if there was nothing to
// write.
type proposer func(ctx context.Context, tx *sql.Tx, f *family) (version uint64, err error)

// alter proposes a change of a family that exists, and finishes that part of
// its intents, until the snapshot's table is as wanted. More than one round is
// needed only when an earlier intent is in the way, or a later one undoes it.
func (s *Store) alter(ctx context.Context, name string, p part, propose proposer, wanted func(*catalog.Table) bool) (*catalog.Table, error) {
	leave, err := s.gates.enter(ctx, catalog.Key(name))
	if err != nil {
		return nil, fmt.Errorf("family %s: %w: %w", name, catalog.ErrBusy, err)
	}
	defer leave()
	wait := backoff{min: 5 * time.Millisecond, max: time.Second}
	for {
		id, err := s.proposeAlter(ctx, name, propose)
		if err != nil {
			return nil, err
		}
		if err := s.finish(ctx, id, p); err != nil {
			return nil, err
		}
		snapshot, err := s.Refresh(ctx)
		if err != nil {
			return nil, err
		}
		if t, ok := snapshot.Table(name); ok && t.ID == id && wanted(t) {
			return t, nil
		}
		if err := wait.next(ctx); err != nil {
			return nil, fmt.Errorf("family %s: %w: %w", name, catalog.ErrBusy, err)
		}
	}
}

// proposeAlter commits the intent, and returns the family's id. A family that
// is being created it leaves as it is: that must be finished first.
func (s *Store) proposeAlter(ctx context.Context, name string, propose proposer) (int64, error) {
	var id int64
	err := s.tx(ctx, func(tx *sql.Tx) error {
		f, err := lockFamily(ctx, tx, forUpdate, `f.name_key = ?`, catalog.Key(name))
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
		if err := stamp(ctx, tx, id, f.state, version); err != nil {
			return err
		}
		return s.failpoint("propose before commit")
	})
	if err == nil {
		err = s.failpoint("proposed")
	}
	return id, err
}
