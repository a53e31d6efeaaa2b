package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// finish does what the family's intents say and marks it done: the second and
// third step. It does nothing when someone else has done so, or when the
// family of that id is gone. While the table is busy it tries again until ctx
// ends. It withdraws the intent to create a family whose name is taken on the
// shard, and returns that ErrNameTaken.
func (c *Catalog) finish(ctx context.Context, id int64) error {
	wait := backoff{min: 50 * time.Millisecond, max: 3 * time.Second}
	for {
		var refused error
		err := c.tx(ctx, func(tx *sql.Tx) (err error) {
			refused, err = c.finishIn(ctx, tx, id, forUpdate)
			return err
		})
		if err == nil {
			return cmp.Or(refused, c.failpoint("finished"))
		}
		if !errors.Is(err, ErrBusy) {
			return err
		}
		if ended := wait.next(ctx); ended != nil {
			return fmt.Errorf("%w: %w", err, ended)
		}
	}
}

// tryFinish is one attempt of finish. It does nothing while someone else is
// at it.
func (c *Catalog) tryFinish(ctx context.Context, id int64) error {
	var refused error
	err := c.tryTx(ctx, func(tx *sql.Tx) (err error) {
		refused, err = c.finishIn(ctx, tx, id, forUpdateNoWait)
		return err
	})
	if lockHeld(err) || lost(err) {
		return nil
	}
	return cmp.Or(classify(err), refused)
}

// finishIn is one attempt of finish, in a transaction. refused is why the
// intent was withdrawn, which is to be committed like any other outcome.
func (c *Catalog) finishIn(ctx context.Context, tx *sql.Tx, id int64, lock string) (refused, err error) {
	f, err := lockFamily(ctx, tx, lock, `f.id = ?`, id)
	if err != nil || f == nil || !f.unfinished() {
		return nil, err
	}
	if err := c.failpoint("before DDL"); err != nil {
		return nil, err
	}
	if err := c.runDDL(ctx, f); err != nil {
		if f.state != familyCreating || !errors.Is(err, ErrNameTaken) {
			return nil, err
		}
		refused = err
	}
	if err := c.failpoint("after DDL"); err != nil {
		return nil, err
	}
	version, err := bump(ctx, tx)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		err = forget(ctx, tx, f.id)
	} else {
		err = markDone(ctx, tx, f, version)
	}
	if err != nil {
		return nil, err
	}
	return refused, c.failpoint("finish before commit")
}

// runDDL makes the shards agree with the intents.
func (c *Catalog) runDDL(ctx context.Context, f *family) error {
	t := f.table(f.columns)
	for _, p := range f.placements {
		var err error
		switch f.state {
		case familyCreating:
			err = c.cfg.DDL.CreateTable(ctx, p.Shard, t, p)
		case familyDropping:
			err = c.cfg.DDL.DropTable(ctx, p.Shard, t, p)
		default:
			err = c.cfg.DDL.AddColumns(ctx, p.Shard, t, f.pending)
		}
		if err != nil {
			return &shardError{fmt.Errorf("family %s: %w", f.name, err)}
		}
	}
	return nil
}

// markDone turns the intents into facts.
func markDone(ctx context.Context, tx *sql.Tx, f *family, version uint64) error {
	if f.state == familyDropping {
		return forget(ctx, tx, f.id)
	}
	_, err := tx.ExecContext(ctx, "UPDATE `columns` SET state = ? WHERE family_id = ? AND state = ?",
		columnActive, f.id, columnAdding)
	if err != nil {
		return fmt.Errorf("catalog columns: %w", err)
	}
	return stamp(ctx, tx, f.id, familyActive, version)
}

// forget deletes all that the catalog knows of the family.
func forget(ctx context.Context, tx *sql.Tx, id int64) error {
	for _, statement := range []string{
		"DELETE FROM `columns` WHERE family_id = ?",
		`DELETE FROM placements WHERE family_id = ?`,
		`DELETE FROM families WHERE id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return fmt.Errorf("catalog families: %w", err)
		}
	}
	return nil
}
