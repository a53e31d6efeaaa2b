package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

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
	leave, err := s.gates.enter(ctx, catalog.Key(name))
	if err != nil {
		return nil, fmt.Errorf("family %s: %w: %w", name, catalog.ErrBusy, err)
	}
	defer leave()
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

// evolve proposes what is missing and finishes what is proposed until the
// snapshot shows it all. More than one round is needed only when the family
// is dropped meanwhile.
func (s *Store) evolve(ctx context.Context, name string, fields []catalog.Field) (*catalog.Change, error) {
	change := new(catalog.Change)
	wait := backoff{min: 5 * time.Millisecond, max: time.Second}
	for round := 0; ; round++ {
		// Errors are left to propose, which knows the latest.
		if t, _ := s.Snapshot().Covers(name, fields); t != nil {
			change.Table = t
			return change, nil
		}
		if round > 0 {
			if err := wait.next(ctx); err != nil {
				return nil, fmt.Errorf("family %s: %w: %w", name, catalog.ErrBusy, err)
			}
		}
		p, err := s.propose(ctx, name, fields)
		if err != nil {
			return nil, err
		}
		if p.version != 0 {
			change.Created, change.Added = p.created, p.added
		}
		if err := s.finish(ctx, p.id, columnsPart); err != nil {
			return nil, err
		}
		if _, err := s.Refresh(ctx); err != nil {
			return nil, err
		}
	}
}

// DropFamily removes a family with all its data. When it returns nil the data
// is gone; if it fails after the catalog has noted it, the snapshot no longer
// shows the family, and any process finishes it. It waits for the users of the
// table as EnsureFamily does. Errors are catalog.ErrUnknownFamily,
// catalog.ErrUnavailable, catalog.ErrBusy, and those of the DDL.
func (s *Store) DropFamily(ctx context.Context, name string) error {
	leave, err := s.gates.enter(ctx, catalog.Key(name))
	if err != nil {
		return fmt.Errorf("family %s: %w: %w", name, catalog.ErrBusy, err)
	}
	defer leave()
	id, err := s.condemn(ctx, name)
	if err != nil {
		return err
	}
	if err := s.finish(ctx, id, columnsPart); err != nil {
		return err
	}
	_, err = s.Refresh(ctx)
	return err
}
