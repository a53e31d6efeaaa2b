package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"github.com/kolide/databalancer/catalog"
)

// EnsureFamily creates the family where it doesn't exist, and adds the fields
// that it lacks. It returns when the shard's table has them, and the snapshot
// shows them. If the snapshot does so already, it costs no I/O.
//
// Names must be valid already; a family's is compared without case. While
// someone uses the table in a way that keeps the columns from being added,
// EnsureFamily tries again until ctx ends, and then returns catalog.ErrBusy.
// Other errors are *catalog.TypeConflictError, *catalog.CaseConflictError,
// *catalog.TooManyColumnsError, catalog.ErrNameTaken (reserved, or a
// registered table's), catalog.ErrNoActiveShard, catalog.ErrUnavailable, and
// those of the DDL. If it fails, some of the fields may have been added, or be
// added later.
func (s *Store) EnsureFamily(ctx context.Context, name string, fields []catalog.Field) (*catalog.Change, error) {
	t, err := s.Snapshot().Covers(name, fields)
	if err != nil {
		t, err = s.recheck(ctx, name, fields, err)
	}
	if t != nil || err != nil {
		return &catalog.Change{Table: t}, err
	}
	return s.evolve(ctx, name, fields)
}

// recheck is Covers over the newest snapshot: what was in the way may be gone.
// While the catalog is unavailable, the last snapshot's verdict stands; and
// what is missing can't be added, so nobody waits for that server twice.
func (s *Store) recheck(ctx context.Context, name string, fields []catalog.Field, verdict error) (*catalog.Table, error) {
	snapshot, err := s.Refresh(ctx)
	if err != nil {
		return nil, cmp.Or(verdict, err)
	}
	return snapshot.Covers(name, fields)
}

// evolve proposes what is missing, and has it made.
func (s *Store) evolve(ctx context.Context, name string, fields []catalog.Field) (*catalog.Change, error) {
	leave, err := s.enter(ctx, name)
	if err != nil {
		return nil, err
	}
	defer leave()
	change := new(catalog.Change)
	covered := func(now *catalog.Snapshot, _ int64) bool {
		change.Table, _ = now.Covers(name, fields) // errors are left to propose, which knows the latest
		return change.Table != nil
	}
	if covered(s.Snapshot(), 0) { // by another caller, meanwhile
		return change, nil
	}
	err = s.change(ctx, name, columnsPart, func() (int64, error) {
		p, err := s.proposeFields(ctx, name, fields)
		if err == nil && p.version != 0 {
			change.Created, change.Added = p.created, p.added
		}
		return p.id, err
	}, covered)
	if err != nil {
		return nil, err
	}
	return change, nil
}

// DropFamily removes a family with all its data. When it returns nil the data
// is gone; if it fails after the catalog has noted it, the snapshot no longer
// shows the family, and any process finishes it. It waits for the users of the
// table as EnsureFamily does. Errors are catalog.ErrUnknownFamily,
// catalog.ErrUnavailable, catalog.ErrBusy, and those of the DDL.
func (s *Store) DropFamily(ctx context.Context, name string) error {
	leave, err := s.enter(ctx, name)
	if err != nil {
		return err
	}
	defer leave()
	return s.change(ctx, name, columnsPart, func() (int64, error) {
		return s.condemn(ctx, name)
	}, func(*catalog.Snapshot, int64) bool { return true })
}

// condemn commits the intent to drop the family, unless that is intended
// already, and returns its id.
func (s *Store) condemn(ctx context.Context, name string) (id int64, err error) {
	err = s.propose(ctx, func(tx *sql.Tx) error {
		f, err := lockNamed(ctx, tx, name)
		if err != nil {
			return err
		}
		if f == nil {
			return fmt.Errorf("%w %s", catalog.ErrUnknownFamily, name)
		}
		if id = f.id; f.state == familyDropping {
			return nil
		}
		version, err := bump(ctx, tx)
		if err != nil {
			return err
		}
		return stamp(ctx, tx, id, familyDropping, version)
	})
	return id, err
}
