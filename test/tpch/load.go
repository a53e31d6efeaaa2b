package tpch

import (
	"context"
	"database/sql"
	"fmt"
)

// statementSize is what a multi-row INSERT may reach: far below the smallest
// usual max_allowed_packet.
const statementSize = 1 << 20

// Load creates the tables of the given names in the connections' database and
// fills them, a transaction a statement of about a megabyte. It fails where a
// table exists already.
func (d *Data) Load(ctx context.Context, db *sql.DB, names ...string) error {
	for _, name := range names {
		t := named(name)
		if t == nil {
			return fmt.Errorf("TPC-H has no table %s", name)
		}
		if _, err := db.ExecContext(ctx, t.ddl); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
		if err := d.fill(ctx, db, t); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	return nil
}

func (d *Data) fill(ctx context.Context, db *sql.DB, t *table) error {
	w := d.newWriter()
	start := "INSERT INTO " + t.name + " VALUES "
	w.buf = append(w.buf, start...)
	for n, count := 0, t.count(d.scale); n < count; n++ {
		t.make(d, w, n)
		if len(w.buf) < statementSize && n < count-1 {
			continue
		}
		if _, err := db.ExecContext(ctx, string(w.buf)); err != nil {
			return err
		}
		w.buf, w.rows = w.buf[:len(start)], 0
	}
	return nil
}
