package store

import (
	"context"
	"database/sql"
)

// newColumns is the intent to add columns, all of them by one ALTER a table.
type newColumns struct {
	f *family
	insistent
}

// pendingColumns has the shadows first that are dropping: columns that leave no
// room for shadows have been proposed with that.
func pendingColumns(f *family) []intent {
	if len(f.adding) == 0 {
		return nil
	}
	return append(oldShadows(f), newColumns{f: f})
}

// run leaves out placements that are adding: they get all columns with their
// tables.
func (n newColumns) run(ctx context.Context, ddl DDL) error {
	t := n.f.table(n.f.columns)
	for _, p := range n.f.placements {
		if p.state == placementAdding {
			continue
		}
		if err := ddl.AddColumns(ctx, p.Shard, t, n.f.adding); err != nil {
			return err
		}
	}
	return nil
}

func (n newColumns) mark(ctx context.Context, tx *sql.Tx) error { return markColumns(ctx, tx, n.f.id) }

// markColumns turns the columns that were adding into facts.
func markColumns(ctx context.Context, tx *sql.Tx, id int64) error {
	return exec(ctx, tx, "columns", "UPDATE `columns` SET state = ? WHERE family_id = ? AND state = ?",
		columnActive, id, columnAdding)
}
