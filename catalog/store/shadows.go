package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
)

// shadow is a family's shadow as the catalog's database has it. Its states are
// those of an index.
type shadow struct {
	position int
	bucket   catalog.Bucket
	state    string
}

// named returns the shadow as the DDL and queries know it.
func (s shadow) named(columns []catalog.Column) catalog.Shadow {
	named := catalog.Shadow{Position: s.position, Bucket: s.bucket, Usable: s.state == indexActive}
	for i := range columns {
		if columns[i].Position == s.position {
			named.Column = columns[i].Name
		}
	}
	return named
}

// namedShadows returns the shadows in these states, of columns among these.
func (f *family) namedShadows(columns []catalog.Column, states ...string) (named []catalog.Shadow) {
	for _, s := range f.shadows {
		if n := s.named(columns); slices.Contains(states, s.state) && n.Column != "" {
			named = append(named, n)
		}
	}
	return named
}

// loadShadows completes the families with their shadows.
func loadShadows(ctx context.Context, q querier, families map[int64]*family, where string, args []any) error {
	type row struct {
		family int64
		shadow shadow
	}
	list, err := collect(ctx, q, "shadows", func(rows *sql.Rows, r *row) error {
		return rows.Scan(&r.family, &r.shadow.position, &r.shadow.bucket, &r.shadow.state)
	}, `SELECT s.family_id, s.position, s.bucket, s.state FROM shadows s JOIN families f ON f.id = s.family_id
		WHERE `+where+` ORDER BY s.family_id, s.position, s.bucket`, args...)
	for _, r := range list {
		f := families[r.family]
		f.shadows = append(f.shadows, r.shadow)
	}
	return err
}

func setShadow(ctx context.Context, tx *sql.Tx, id int64, s shadow, state string) error {
	return exec(ctx, tx, "shadows", `REPLACE INTO shadows (family_id, position, bucket, state) VALUES (?, ?, ?, ?)`,
		id, s.position, s.bucket, state)
}

func deleteShadow(ctx context.Context, tx *sql.Tx, id int64, s shadow) error {
	return exec(ctx, tx, "shadows", `DELETE FROM shadows WHERE family_id = ? AND position = ? AND bucket = ?`,
		id, s.position, s.bucket)
}

// proposeTextShadow proposes a shadow for an index of one text, if the family
// has none and has room for it.
func proposeTextShadow(ctx context.Context, tx *sql.Tx, f *family, columns []string) (uint64, error) {
	if len(columns) != 1 || !f.shadowable() {
		return 0, nil
	}
	found, err := f.find(columns)
	if err != nil || found[0].Type != catalog.Text {
		return 0, err
	}
	return proposeShadow(ctx, tx, f, shadow{position: found[0].Position})
}

// settled reports whether the shadow of an index's text is usable, or gone.
func settled(t *catalog.Table, columns []string) bool {
	if len(columns) != 1 {
		return true
	}
	s, ok := t.Shadow(columns[0], "")
	return !ok || s.Usable
}

// shadowable reports whether the family may have one more shadow.
func (f *family) shadowable() bool {
	return len(f.shadows) < catalog.MaxShadows && catalog.RoomForShadows(f.columns)
}

// proposeShadow proposes a shadow that the family lacks.
func proposeShadow(ctx context.Context, tx *sql.Tx, f *family, s shadow) (uint64, error) {
	if slices.ContainsFunc(f.shadows, s.like) {
		return 0, nil // one that is dropping is to be dropped first
	}
	version, err := bump(ctx, tx)
	if err != nil {
		return 0, err
	}
	return version, setShadow(ctx, tx, f.id, s, indexAdding)
}

// like reports whether another shadow is the same, in whatever state.
func (s shadow) like(other shadow) bool {
	return s.position == other.position && s.bucket == other.bucket
}

// addBucket gives a timestamp an index of a bucket.
func (s *Store) addBucket(ctx context.Context, name string, ix catalog.Index) (*catalog.Table, error) {
	return s.alter(ctx, name, shadowsPart, func(ctx context.Context, tx *sql.Tx, f *family) (uint64, error) {
		want, err := f.bucketable(ix)
		if err != nil {
			return 0, err
		}
		if !slices.ContainsFunc(f.shadows, want.like) && !f.shadowable() {
			return 0, &catalog.IndexError{Family: f.name, Reason: fmt.Sprintf("it has %d indexes of a whole text or a bucket, "+
				"or so many fields that it can't have more", len(f.shadows))}
		}
		return proposeShadow(ctx, tx, f, want)
	}, func(t *catalog.Table) bool {
		s, ok := t.Shadow(ix.Columns[0], ix.Bucket)
		return ok && s.Usable
	})
}

// bucketable returns the shadow that an index of a bucket is to have.
func (f *family) bucketable(ix catalog.Index) (shadow, error) {
	if len(ix.Columns) != 1 {
		return shadow{}, &catalog.IndexError{Family: f.name, Reason: "an index of a bucket has one column"}
	}
	found, err := f.find(ix.Columns)
	if err != nil {
		return shadow{}, err
	}
	c, reason := found[0], ""
	switch {
	case c.Type != catalog.Timestamp:
		reason = "is no timestamp, which alone has buckets"
	case c.Group > 0:
		reason = beyondStored
	}
	if reason != "" {
		return shadow{}, &catalog.IndexError{Family: f.name, Column: c.Name, Reason: reason}
	}
	return shadow{position: c.Position, bucket: ix.Bucket}, nil
}

// dropBucket takes an index of a bucket from the family.
func (s *Store) dropBucket(ctx context.Context, name string, ix catalog.Index) error {
	_, err := s.alter(ctx, name, shadowsPart, func(ctx context.Context, tx *sql.Tx, f *family) (uint64, error) {
		old, err := f.bucketable(ix)
		if err != nil || !slices.ContainsFunc(f.shadows, old.like) {
			return 0, fmt.Errorf("family %s: %w of the %s of %s", f.name, catalog.ErrUnknownIndex, ix.Bucket, strings.Join(ix.Columns, ", "))
		}
		return proposeNoShadow(ctx, tx, f, old.like)
	}, func(t *catalog.Table) bool {
		_, has := t.Shadow(ix.Columns[0], ix.Bucket)
		return !has
	})
	return err
}

// Unshadow takes the shadows of these texts from a family, so that longer ones
// can be stored, and returns when no placement has them any more. If it fails
// after the catalog has noted it, any process finishes it. Errors are
// catalog.ErrUnknownColumn, catalog.ErrUnknownFamily, catalog.ErrUnavailable,
// catalog.ErrBusy and those of the DDL.
func (s *Store) Unshadow(ctx context.Context, name string, columns []string) (*catalog.Table, error) {
	return s.alter(ctx, name, shadowsPart, func(ctx context.Context, tx *sql.Tx, f *family) (uint64, error) {
		found, err := f.find(columns)
		if err != nil {
			return 0, err
		}
		return proposeNoShadow(ctx, tx, f, func(s shadow) bool {
			return s.bucket == "" && slices.ContainsFunc(found, func(c catalog.Column) bool { return c.Position == s.position })
		})
	}, func(t *catalog.Table) bool {
		return !slices.ContainsFunc(columns, func(column string) bool {
			_, has := t.Shadow(column, "")
			return has
		})
	})
}

// proposeNoShadow proposes to drop those of the family's shadows that match.
func proposeNoShadow(ctx context.Context, tx *sql.Tx, f *family, match func(shadow) bool) (version uint64, err error) {
	for _, s := range f.shadows {
		if s.state == indexDropping || !match(s) {
			continue
		}
		if version == 0 {
			if version, err = bump(ctx, tx); err != nil {
				return 0, err
			}
		}
		if err := setShadow(ctx, tx, f.id, s, indexDropping); err != nil {
			return 0, err
		}
	}
	return version, nil
}
