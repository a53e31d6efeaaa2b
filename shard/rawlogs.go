package shard

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// createRawLogs spells CREATE TABLE for raw_logs.
func createRawLogs(info server.Info, database string, number int) string {
	return "CREATE TABLE IF NOT EXISTS " + inDatabase(database, catalog.RawLogs) + ` (
	id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	family VARCHAR(64) NOT NULL,
	log LONGTEXT NOT NULL,
	INDEX family (family)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE ` + server.Collation +
		fmt.Sprintf(" AUTO_INCREMENT = %d", firstID(number)) + info.AscendingIDs()
}

func raiseRawLogs(database string, number int) string {
	return fmt.Sprintf("ALTER TABLE %s AUTO_INCREMENT = %d",
		inDatabase(database, catalog.RawLogs), firstID(number))
}

// firstID is where a placement's ids begin.
func firstID(number int) int64 { return int64(number)*catalog.PlacementSpan + 1 }

// createRawLogs creates the table with the ids of the shard's number, or
// raises those of one that has lower ones yet.
func (j *joining) createRawLogs(ctx context.Context, number int) error {
	if err := j.exec(ctx, createRawLogs(j.server, j.database, number)); err != nil {
		return err
	}
	var next sql.NullInt64
	err := j.db.QueryRowContext(ctx, selectNextID, j.database, catalog.RawLogs).Scan(&next)
	if err != nil {
		return Wrap(j.name, fmt.Errorf("next id of %s: %w", catalog.RawLogs, err))
	}
	// Some servers don't say before the first row; then it is raised again.
	if max(next.Int64, 1) >= firstID(number) {
		return nil
	}
	return j.exec(ctx, raiseRawLogs(j.database, number))
}

// checkRawLogs refuses a table raw_logs of somebody else's.
func (j *joining) checkRawLogs(ctx context.Context) error {
	found, err := j.rawLogs(ctx)
	if err == nil {
		err = compareRawLogs(found)
	}
	return Wrap(j.name, err)
}

// rawLogs returns the columns of the table raw_logs that is there with their
// types; none for no table.
func (j *joining) rawLogs(ctx context.Context) (map[string]string, error) {
	rows, err := j.db.QueryContext(ctx, selectRawLogs, j.database, catalog.RawLogs)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		found[name] = kind
	}
	return found, rows.Err()
}

const (
	selectRawLogs = `
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
