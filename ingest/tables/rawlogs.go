package tables

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// ErrRawLogs means that the database holds a table raw_logs that isn't
// databalancer's.
var ErrRawLogs = fault.Sentinel(fault.NameTaken, "table raw_logs is not databalancer's",
	"the server has a table raw_logs that is not databalancer's")

// RawLogs makes the table raw_logs of a server that becomes a shard.
type RawLogs struct{}

var _ shard.Tables = RawLogs{}

// Check returns ErrRawLogs where the table is there and somebody else's.
func (RawLogs) Check(ctx context.Context, db *sql.DB, database string) error {
	found, err := pairs(ctx, db, selectKinds, database, catalog.RawLogs)
	if err != nil {
		return err
	}
	return compareRawLogs(found)
}

// Create creates the table with the ids of the shard's number, or raises those
// of one that has lower ones yet.
func (RawLogs) Create(ctx context.Context, db *sql.DB, on server.Info, database, collation string, number int) error {
	if _, err := db.ExecContext(ctx, dialect{on, collation}.createRawLogs(database, number)); err != nil {
		return err
	}
	var next sql.NullInt64
	err := db.QueryRowContext(ctx, selectNextID, database, catalog.RawLogs).Scan(&next)
	if err != nil {
		return fmt.Errorf("next id of %s: %w", catalog.RawLogs, err)
	}
	// Some servers don't say before the first row; then it is raised again.
	if max(next.Int64, 1) >= firstID(number) {
		return nil
	}
	_, err = db.ExecContext(ctx, raiseRawLogs(database, number))
	return err
}

func (d dialect) createRawLogs(database string, number int) string {
	return "CREATE TABLE IF NOT EXISTS " + rawLogsIn(database) + ` (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  family VARCHAR(64) NOT NULL,
  log LONGTEXT NOT NULL,
  INDEX family (family)
) ` + d.options(number, "")
}

func raiseRawLogs(database string, number int) string {
	return fmt.Sprintf("ALTER TABLE %s AUTO_INCREMENT = %d", rawLogsIn(database), firstID(number))
}

// rawLogsIn names the table for a session whose current database is another.
func rawLogsIn(database string) string {
	return server.QuoteName(database) + "." + server.QuoteName(catalog.RawLogs)
}

const (
	selectKinds = `
		SELECT LOWER(column_name), UPPER(CONCAT(data_type, IF(extra LIKE '%auto_increment%', ' auto_increment', '')))
		FROM information_schema.columns
		WHERE table_schema = ? AND table_name = ?`
	selectNextID = `
		SELECT auto_increment FROM information_schema.tables
		WHERE table_schema = ? AND table_name = ?`
)

// rawLogsColumns are the columns that a table raw_logs must have.
var rawLogsColumns = []struct{ name, kind string }{
	{"id", "BIGINT AUTO_INCREMENT"}, {"family", "VARCHAR"}, {"log", "LONGTEXT"},
}

// compareRawLogs judges a table by its columns with their types; none stand for
// no table.
func compareRawLogs(found map[string]string) error {
	if len(found) == 0 {
		return nil
	}
	for _, c := range rawLogsColumns {
		if found[c.name] != c.kind {
			return fmt.Errorf("%w: it has no column %s of type %s", ErrRawLogs, c.name, c.kind)
		}
	}
	if len(found) != len(rawLogsColumns) {
		return fmt.Errorf("%w: it has other columns too", ErrRawLogs)
	}
	return nil
}
