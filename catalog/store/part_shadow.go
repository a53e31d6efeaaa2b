package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kolide/databalancer/catalog"
)

// pendingShadows has those that are dropping first.
func pendingShadows(f *family) (pending []intent) {
	pending = oldShadows(f)
	for _, s := range f.shadows {
		if s.state == indexAdding {
			pending = append(pending, &newShadow{f: f, s: s})
		}
	}
	return pending
}

func oldShadows(f *family) (old []intent) {
	for _, s := range f.shadows {
		if s.state == indexDropping {
			old = append(old, oldShadow{f: f, s: s})
		}
	}
	return old
}

// newShadow is the intent to make a shadow. A server that refuses it, or a
// value that has no room in it, ends it: that of a text without an error, as
// the text has another index.
type newShadow struct {
	f     *family
	s     shadow
	unfit bool // there is none to be
}

// run leaves out placements that are adding: they get their shadows with their
// tables.
func (n *newShadow) run(ctx context.Context, ddl DDL) error {
	t := n.f.table(n.f.columns)
	for _, p := range n.f.placements {
		if p.state == placementAdding {
			continue
		}
		err := ddl.AddShadow(ctx, p.Shard, t, n.s.named(t.Columns))
		if n.hopeless(err) && n.s.bucket == "" {
			n.unfit = true
			return oldShadow{f: n.f, s: n.s}.run(ctx, ddl)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *newShadow) mark(ctx context.Context, tx *sql.Tx) error {
	if n.unfit {
		return deleteShadow(ctx, tx, n.f.id, n.s)
	}
	return setShadow(ctx, tx, n.f.id, n.s, indexActive)
}

func (n *newShadow) hopeless(err error) bool { return errors.Is(err, catalog.ErrIndexRefused) }

// withdraw makes it the intent to drop what there is of the shadow.
func (n *newShadow) withdraw(ctx context.Context, tx *sql.Tx) error {
	return setShadow(ctx, tx, n.f.id, n.s, indexDropping)
}

// oldShadow is the intent to drop a shadow.
type oldShadow struct {
	f *family
	s shadow
	insistent
}

// run takes in placements that are adding, too: an earlier attempt may have
// made one's table with the shadow.
func (o oldShadow) run(ctx context.Context, ddl DDL) error {
	t := o.f.table(o.f.columns)
	for _, p := range o.f.placements {
		if err := ddl.DropShadow(ctx, p.Shard, t, o.s.named(t.Columns)); err != nil {
			return err
		}
	}
	return nil
}

func (o oldShadow) mark(ctx context.Context, tx *sql.Tx) error {
	return deleteShadow(ctx, tx, o.f.id, o.s)
}
