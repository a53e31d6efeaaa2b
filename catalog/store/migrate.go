package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// migrationWait bounds how long a process waits for another to migrate.
const (
	migrationWait  = time.Minute
	migrationRound = 4 * time.Second
)

// metaTable holds one row: the version of the schema, the catalog's identity,
// its own version, and when a process last claimed the refresh of sizes.
const metaTable = `CREATE TABLE IF NOT EXISTS meta (
	one TINYINT NOT NULL PRIMARY KEY,
	schema_version INT NOT NULL,
	identity VARCHAR(64) NOT NULL,
	version BIGINT NOT NULL,
	sized_at DATETIME(6) NOT NULL
)` + tableOptions

const tableOptions = ` ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

// migrations lead from each version of the schema to the next. A statement
// can be repeated: it does nothing when it was run before, or fails with
// errDuplicateColumn. Released ones are never changed.
var migrations = [][]string{{
	`CREATE TABLE IF NOT EXISTS shards (
		number INT NOT NULL PRIMARY KEY,
		name VARCHAR(255) NOT NULL,
		address VARCHAR(255) NOT NULL,
		identity VARCHAR(64) NOT NULL,
		state VARCHAR(16) NOT NULL,
		weight DOUBLE NOT NULL,
		bytes BIGINT NOT NULL DEFAULT 0,
		row_count BIGINT NOT NULL DEFAULT 0,
		placed INT NOT NULL DEFAULT 0,
		sized_at DATETIME(6) NULL,
		UNIQUE KEY name (name),
		UNIQUE KEY identity (identity)
	)` + tableOptions,
	`CREATE TABLE IF NOT EXISTS families (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		name VARCHAR(255) NOT NULL,
		name_key VARCHAR(255) NOT NULL,
		state VARCHAR(16) NOT NULL,
		version BIGINT NOT NULL,
		UNIQUE KEY name_key (name_key),
		KEY version (version)
	)` + tableOptions,
	"CREATE TABLE IF NOT EXISTS `columns` (" + `
		family_id BIGINT NOT NULL,
		position INT NOT NULL,
		name VARCHAR(255) NOT NULL,
		name_key VARCHAR(255) NOT NULL,
		type VARCHAR(16) NOT NULL,
		grp INT NOT NULL,
		state VARCHAR(16) NOT NULL,
		PRIMARY KEY (family_id, position),
		UNIQUE KEY name_key (family_id, name_key)
	)` + tableOptions,
	`CREATE TABLE IF NOT EXISTS placements (
		family_id BIGINT NOT NULL,
		number INT NOT NULL,
		shard VARCHAR(255) NOT NULL,
		PRIMARY KEY (family_id, number)
	)` + tableOptions,
	"CREATE TABLE IF NOT EXISTS `tables` (" + `
		name_key VARCHAR(255) NOT NULL PRIMARY KEY,
		name VARCHAR(255) NOT NULL,
		shard VARCHAR(255) NOT NULL,
		db_name VARCHAR(255) NOT NULL,
		column_list LONGTEXT NOT NULL,
		version BIGINT NOT NULL,
		KEY version (version)
	)` + tableOptions,
}, {
	// The sizes of placements: of families, of raw_logs with the shards'
	// numbers, and of registered tables. The last two have the family 0.
	`CREATE TABLE IF NOT EXISTS sizes (
		name_key VARCHAR(255) NOT NULL,
		number INT NOT NULL,
		family_id BIGINT NOT NULL,
		row_count BIGINT NOT NULL,
		bytes BIGINT NOT NULL,
		version BIGINT NOT NULL,
		PRIMARY KEY (name_key, number),
		KEY version (version)
	)` + tableOptions,
}, {
	`ALTER TABLE placements ADD COLUMN state VARCHAR(16) NOT NULL DEFAULT '` + placementActive + `'`,
	`ALTER TABLE shards ADD COLUMN since DATETIME(6) NOT NULL DEFAULT '1970-01-01 00:00:00'`,
	// An index's columns are their positions, with commas.
	"CREATE TABLE IF NOT EXISTS `indexes` (" + `
		family_id BIGINT NOT NULL,
		column_list VARCHAR(255) NOT NULL,
		state VARCHAR(16) NOT NULL,
		PRIMARY KEY (family_id, column_list)
	)` + tableOptions,
}}

// migrate brings the database's schema to this program's version.
func migrate(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("catalog connection: %w", err)
	}
	defer conn.Close()
	// Nothing is to be done on most starts, and then nothing is locked.
	if v, err := schemaVersion(ctx, conn); err == nil && v == len(migrations) {
		return nil
	}
	unlock, err := lockMigration(ctx, conn)
	if err != nil {
		return err
	}
	defer unlock()
	return migrateLocked(ctx, conn)
}

func migrateLocked(ctx context.Context, conn *sql.Conn) error {
	if err := createMeta(ctx, conn); err != nil {
		return fmt.Errorf("catalog schema: %w", err)
	}
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return fmt.Errorf("catalog schema: %w", err)
	}
	if version > len(migrations) {
		return fmt.Errorf("%w: its schema is version %d, this program knows %d",
			catalog.ErrNewerSchema, version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		if err := migrateStep(ctx, conn, version); err != nil {
			return fmt.Errorf("catalog schema %d: %w", version+1, err)
		}
	}
	return nil
}

func createMeta(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, metaTable); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, `INSERT IGNORE INTO meta (one, schema_version, identity, version, sized_at)
		VALUES (1, 0, ?, 1, '1970-01-01')`, rand.Text())
	return err
}

func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var v int
	err := conn.QueryRowContext(ctx, `SELECT schema_version FROM meta WHERE one = 1`).Scan(&v)
	return v, err
}

// migrateStep leads from the given version to the next.
func migrateStep(ctx context.Context, conn *sql.Conn, version int) error {
	for _, statement := range migrations[version] {
		if _, err := conn.ExecContext(ctx, statement); err != nil && server.Number(err) != server.DuplicateColumn {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, `UPDATE meta SET schema_version = ? WHERE one = 1 AND schema_version < ?`,
		version+1, version+1)
	return err
}

// lockMigration lets only one process migrate the database at a time. The
// lock ends with the connection at the latest.
func lockMigration(ctx context.Context, conn *sql.Conn) (unlock func(), err error) {
	const name = `CONCAT('databalancer.', SHA1(DATABASE()))`
	var got sql.NullInt64
	// In short rounds, so that no single answer takes long: the connection may
	// count as lost then.
	for waited := time.Duration(0); got.Int64 != 1 && waited < migrationWait; waited += migrationRound {
		err = conn.QueryRowContext(ctx, `SELECT GET_LOCK(`+name+`, ?)`, int(migrationRound.Seconds())).Scan(&got)
		if err != nil {
			return nil, fmt.Errorf("catalog migration lock: %w", err)
		}
	}
	if got.Int64 != 1 {
		return nil, fmt.Errorf("catalog migration lock: held by another process for %v", migrationWait)
	}
	return func() {
		// A pooled connection would keep the lock, so it is released whatever
		// has become of ctx.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		_, _ = conn.ExecContext(ctx, `DO RELEASE_LOCK(`+name+`)`)
	}, nil
}
