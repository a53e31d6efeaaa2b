package store

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
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

// migrate brings the database's schema to the version that the migrations lead
// to.
func migrate(ctx context.Context, db *sql.DB, migrations [][]string) error {
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
	return migrateLocked(ctx, conn, migrations)
}

func migrateLocked(ctx context.Context, conn *sql.Conn, migrations [][]string) error {
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
		if err := migrateStep(ctx, conn, version, migrations[version]); err != nil {
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
func migrateStep(ctx context.Context, conn *sql.Conn, version int, statements []string) error {
	for _, statement := range statements {
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
	name, err := migrationLock(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("catalog migration lock: %w", err)
	}
	// No placeholders: TiDB takes the lock twice where the statement is
	// prepared.
	get := fmt.Sprintf(`SELECT GET_LOCK('%s', %d)`, name, int(migrationRound.Seconds()))
	var got sql.NullInt64
	// In short rounds, so that no single answer takes long: the connection may
	// count as lost then.
	for waited := time.Duration(0); got.Int64 != 1 && waited < migrationWait; waited += migrationRound {
		if err = conn.QueryRowContext(ctx, get).Scan(&got); err != nil {
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
		_, _ = conn.ExecContext(ctx, fmt.Sprintf(`DO RELEASE_LOCK('%s')`, name))
	}, nil
}

// migrationLock returns the lock's name. It is a hash of the database's, since
// a lock's name has 64 characters at most; MySQL 9 has no SHA1() of its own.
func migrationLock(ctx context.Context, conn *sql.Conn) (string, error) {
	var database string
	if err := conn.QueryRowContext(ctx, `SELECT DATABASE()`).Scan(&database); err != nil {
		return "", err
	}
	return fmt.Sprintf("databalancer.%x", sha1.Sum([]byte(database))), nil
}
