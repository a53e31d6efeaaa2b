package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// reserved returns ErrNameTaken for raw_logs and for names that begin with
// ReservedPrefix.
func reserved(name string) error {
	if strings.EqualFold(name, RawLogs) || IsReserved(name) {
		return fmt.Errorf("name %s: %w: it is reserved", name, ErrNameTaken)
	}
	return nil
}

// RegisterTable makes a table that exists on a shard known to queries. Of t it
// takes the name, the columns, the database and the one placement's shard and
// size. A table that is registered already, from the same database of the same shard,
// gets its columns anew. Errors are ErrNameTaken, ErrUnknownShard and
// ErrUnavailable.
func (c *Catalog) RegisterTable(ctx context.Context, t *Table) error {
	if err := reserved(t.Name); err != nil {
		return err
	}
	if len(t.Placements) != 1 {
		return fmt.Errorf("table %s: %d placements instead of 1", t.Name, len(t.Placements))
	}
	list, err := encodeColumns(t.Columns)
	if err != nil {
		return fmt.Errorf("table %s: column list: %w", t.Name, err)
	}
	err = c.tx(ctx, func(tx *sql.Tx) error { return registerIn(ctx, tx, t, list) })
	if err == nil {
		_, err = c.Refresh(ctx)
	}
	return err
}

// registerIn begins with bump: of a family and a table that take one name at
// once, the later one sees the other.
func registerIn(ctx context.Context, tx *sql.Tx, t *Table, list []byte) error {
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
	_, err = tx.ExecContext(ctx, "REPLACE INTO `tables` (name_key, name, shard, db_name, column_list, version)"+`
		VALUES (?, ?, ?, ?, ?, ?)`, nameKey(t.Name), t.Name, shard, t.Database, list, version)
	if err != nil {
		return fmt.Errorf("catalog tables: %w", err)
	}
	p := t.Placements[0]
	return storeSizes(ctx, tx, map[sizeKey]size{{nameKey(t.Name), 0}: {0, p.Rows, p.Bytes}}, version)
}

// checkName returns ErrNameTaken if the table's name belongs to a family or to
// another table.
func checkName(ctx context.Context, tx *sql.Tx, t *Table) error {
	taken, err := exists(ctx, tx, `SELECT 1 FROM families WHERE name_key = ?`, nameKey(t.Name))
	if err != nil {
		return err
	}
	if taken {
		return fmt.Errorf("table %s: %w by a family", t.Name, ErrNameTaken)
	}
	var name, shard, database string
	err = tx.QueryRowContext(ctx, "SELECT name, shard, db_name FROM `tables` WHERE name_key = ?", nameKey(t.Name)).
		Scan(&name, &shard, &database)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("catalog tables: %w", err)
	case name != t.Name || shard != t.Placements[0].Shard || database != t.Database:
		return fmt.Errorf("table %s: %w by a table of shard %s", t.Name, ErrNameTaken, shard)
	}
	return nil
}

// UnregisterTable makes queries forget a registered table, which itself stays
// as it is. Errors are ErrUnknownTable and ErrUnavailable.
func (c *Catalog) UnregisterTable(ctx context.Context, name string) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		if _, err := bump(ctx, tx); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "DELETE FROM `tables` WHERE name_key = ?", nameKey(name))
		if err != nil {
			return fmt.Errorf("catalog tables: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w %s", ErrUnknownTable, name)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sizes WHERE name_key = ?`, nameKey(name)); err != nil {
			return fmt.Errorf("catalog sizes: %w", err)
		}
		return nil
	})
	if err == nil {
		_, err = c.Refresh(ctx)
	}
	return err
}
