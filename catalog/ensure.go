package catalog

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Field is a field of a family's events, of one of the six types that
// ParseFieldType returns.
type Field struct {
	Name string
	Type Type
}

// Change is what EnsureFamily found and did.
type Change struct {
	// Table is the family's table, with all the fields that were asked for.
	Table *Table
	// Created says that it was this call that brought the family into being.
	Created bool
	// Added names the fields that it was this call that added, in the order
	// in which they were asked for.
	Added []string
}

// EnsureFamily creates the family where it doesn't exist, and adds the fields
// that it lacks. It returns when the shard's table has them, and the snapshot
// shows them. If the snapshot does so already, it costs no I/O.
//
// Names must be valid already; a family's is compared without case. While
// someone uses the table in a way that keeps the columns from being added,
// EnsureFamily tries again until ctx ends, and then returns ErrBusy. Other
// errors are *TypeConflictError, *CaseConflictError, *TooManyColumnsError,
// ErrNameTaken (reserved, or a registered table's), ErrNoActiveShard,
// ErrUnavailable, and those of the DDL. If it fails, some of the fields may
// have been added, or be added later.
func (c *Catalog) EnsureFamily(ctx context.Context, name string, fields []Field) (*Change, error) {
	t, err := covers(c.Snapshot(), name, fields)
	if err != nil {
		t, err = c.recheck(ctx, name, fields, err)
	}
	if t != nil || err != nil {
		return &Change{Table: t}, err
	}
	leave, err := c.gates.enter(ctx, nameKey(name))
	if err != nil {
		return nil, fmt.Errorf("family %s: %w: %w", name, ErrBusy, err)
	}
	defer leave()
	return c.evolve(ctx, name, fields)
}

// covers returns the family's table if it has all the fields, and nil if
// something is missing.
func covers(s *Snapshot, name string, fields []Field) (*Table, error) {
	t, ok := s.Table(name)
	switch {
	case !ok:
		return nil, reserved(name)
	case t.Kind != Family:
		return nil, fmt.Errorf("family %s: %w by a table", name, ErrNameTaken)
	}
	missing := false
	for _, f := range fields {
		column, ok := t.Column(FieldColumn(f.Name))
		if !ok {
			missing = true
		} else if err := conflict(t.Name, f, column); err != nil {
			return nil, err
		}
	}
	if missing {
		return nil, nil
	}
	return t, nil
}

// recheck is covers over the newest snapshot: what was in the way may be gone.
// While the catalog is unavailable, the last snapshot's verdict stands; and
// what is missing can't be added, so nobody waits for that server twice.
func (c *Catalog) recheck(ctx context.Context, name string, fields []Field, verdict error) (*Table, error) {
	snapshot, err := c.Refresh(ctx)
	if err != nil {
		return nil, cmp.Or(verdict, err)
	}
	return covers(snapshot, name, fields)
}

// evolve proposes what is missing and finishes what is proposed until the
// snapshot shows it all. More than one round is needed only when the family
// is dropped meanwhile.
func (c *Catalog) evolve(ctx context.Context, name string, fields []Field) (*Change, error) {
	change := new(Change)
	wait := backoff{min: 5 * time.Millisecond, max: time.Second}
	for round := 0; ; round++ {
		// Errors are left to propose, which knows the latest.
		if t, _ := covers(c.Snapshot(), name, fields); t != nil {
			change.Table = t
			return change, nil
		}
		if round > 0 {
			if err := wait.next(ctx); err != nil {
				return nil, fmt.Errorf("family %s: %w: %w", name, ErrBusy, err)
			}
		}
		p, err := c.propose(ctx, name, fields)
		if err != nil {
			return nil, err
		}
		if p.version != 0 {
			change.Created, change.Added = p.created, p.added
		}
		if err := c.finish(ctx, p.id, columnsPart); err != nil {
			return nil, err
		}
		if _, err := c.Refresh(ctx); err != nil {
			return nil, err
		}
	}
}

// DropFamily removes a family with all its data. When it returns nil the data
// is gone; if it fails after the catalog has noted it, the snapshot no longer
// shows the family, and any process finishes it. It waits for the users of
// the table as EnsureFamily does. Errors are ErrUnknownFamily, ErrUnavailable,
// ErrBusy, and those of the DDL.
func (c *Catalog) DropFamily(ctx context.Context, name string) error {
	leave, err := c.gates.enter(ctx, nameKey(name))
	if err != nil {
		return fmt.Errorf("family %s: %w: %w", name, ErrBusy, err)
	}
	defer leave()
	id, err := c.condemn(ctx, name)
	if err != nil {
		return err
	}
	if err := c.finish(ctx, id, columnsPart); err != nil {
		return err
	}
	_, err = c.Refresh(ctx)
	return err
}
