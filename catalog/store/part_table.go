package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kolide/databalancer/catalog"
)

// newTable is the intent to create a family's tables, with which the family
// begins. A shard that has given the name to somebody else's table ends it.
type newTable struct{ f *family }

func (n newTable) run(ctx context.Context, ddl DDL) error {
	t := n.f.table(n.f.columns)
	for _, p := range n.f.placements {
		if err := ddl.CreateTable(ctx, p.Shard, t, p.Placement); err != nil {
			return err
		}
	}
	return nil
}

func (n newTable) mark(ctx context.Context, tx *sql.Tx) error { return markColumns(ctx, tx, n.f.id) }
func (n newTable) hopeless(err error) bool                    { return errors.Is(err, catalog.ErrNameTaken) }
func (n newTable) withdraw(ctx context.Context, tx *sql.Tx) error {
	return forget(ctx, tx, n.f.id)
}

// oldTable is the intent to drop a family's tables, and the family with them.
type oldTable struct {
	f *family
	insistent
}

// run drops what it can, though a shard may be away.
func (o oldTable) run(ctx context.Context, ddl DDL) error {
	var errs []error
	t := o.f.table(o.f.columns)
	for _, p := range o.f.placements {
		errs = append(errs, ddl.DropTable(ctx, p.Shard, t, p.Placement))
	}
	return errors.Join(errs...)
}

func (o oldTable) mark(ctx context.Context, tx *sql.Tx) error { return forget(ctx, tx, o.f.id) }

// forget deletes all that the catalog knows of the family.
func forget(ctx context.Context, tx *sql.Tx, id int64) error {
	for _, statement := range []string{
		`DELETE FROM sizes WHERE name_key = (SELECT name_key FROM families WHERE id = ?)`,
		"DELETE FROM `columns` WHERE family_id = ?",
		"DELETE FROM `indexes` WHERE family_id = ?",
		`DELETE FROM shadows WHERE family_id = ?`,
		`DELETE FROM placements WHERE family_id = ?`,
		`DELETE FROM families WHERE id = ?`,
	} {
		if err := exec(ctx, tx, "families", statement, id); err != nil {
			return err
		}
	}
	return nil
}
