package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/catalog"
)

// RegisterTable makes a table that exists on a shard known to queries. Of t it
// takes the name, the columns, the database and the one placement's shard and
// size. A table that is registered already, from the same database of the same
// shard, gets its columns anew. Errors are catalog.ErrNameTaken,
// catalog.ErrUnknownShard and catalog.ErrUnavailable.
func (s *Store) RegisterTable(ctx context.Context, t *catalog.Table) error {
	if err := catalog.Reserved(t.Name); err != nil {
		return err
	}
	if len(t.Placements) != 1 {
		return fmt.Errorf("table %s: %d placements instead of 1", t.Name, len(t.Placements))
	}
	list, err := encodeColumns(t.Columns)
	if err != nil {
		return fmt.Errorf("table %s: column list: %w", t.Name, err)
	}
	return s.commit(ctx, func(tx *sql.Tx) error { return registerIn(ctx, tx, t, list) })
}

// registerIn begins with bump: of a family and a table that take one name at
// once, the later one sees the other.
func registerIn(ctx context.Context, tx *sql.Tx, t *catalog.Table, list []byte) error {
	version, err := bump(ctx, tx)
	if err != nil {
		return err
	}
	shard := t.Placements[0].Shard
	if _, err := loadShard(ctx, tx, shard); err != nil {
		return err
	}
	if err := checkName(ctx, tx, t); err != nil {
		return err
	}
	if err := exec(ctx, tx, "tables", "REPLACE INTO `tables` (name_key, name, shard, db_name, column_list, version)"+`
		VALUES (?, ?, ?, ?, ?, ?)`, catalog.Key(t.Name), t.Name, shard, t.Database, list, version); err != nil {
		return err
	}
	p := t.Placements[0]
	return storeSizes(ctx, tx, map[sizeKey]size{{catalog.Key(t.Name), 0}: {0, p.Rows, p.Bytes}}, version)
}

// checkName returns catalog.ErrNameTaken if the table's name belongs to a
// family or to another table.
func checkName(ctx context.Context, tx *sql.Tx, t *catalog.Table) error {
	taken, err := exists(ctx, tx, `SELECT 1 FROM families WHERE name_key = ?`, catalog.Key(t.Name))
	if err != nil {
		return err
	}
	if taken {
		return fmt.Errorf("table %s: %w by a family", t.Name, catalog.ErrNameTaken)
	}
	var name, shard, database string
	err = tx.QueryRowContext(ctx, "SELECT name, shard, db_name FROM `tables` WHERE name_key = ?", catalog.Key(t.Name)).
		Scan(&name, &shard, &database)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("catalog tables: %w", err)
	case name != t.Name || shard != t.Placements[0].Shard || database != t.Database:
		return fmt.Errorf("table %s: %w by a table of shard %s", t.Name, catalog.ErrNameTaken, shard)
	}
	return nil
}

// UnregisterTable makes queries forget a registered table, which itself stays
// as it is. Errors are catalog.ErrUnknownTable and catalog.ErrUnavailable.
func (s *Store) UnregisterTable(ctx context.Context, name string) error {
	return s.commit(ctx, func(tx *sql.Tx) error {
		if _, err := bump(ctx, tx); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "DELETE FROM `tables` WHERE name_key = ?", catalog.Key(name))
		if err != nil {
			return fmt.Errorf("catalog tables: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w %s", catalog.ErrUnknownTable, name)
		}
		return exec(ctx, tx, "sizes", `DELETE FROM sizes WHERE name_key = ?`, catalog.Key(name))
	})
}
