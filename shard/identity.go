package shard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/server"
)

// identityTable has one row, with the id 1, on each shard. Its shard takes
// families only once the row is ready: see Set.Join.
const identityTable = "databalancer_shard"

func createIdentity(database, collation string) string {
	return "CREATE TABLE IF NOT EXISTS " + inDatabase(database, identityTable) + ` (
	id TINYINT NOT NULL PRIMARY KEY,
	identity VARCHAR(64) NOT NULL,
	name VARCHAR(255) NOT NULL,
	catalog_identity VARCHAR(64) NOT NULL,
	ready BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE ` + collation
}

func selectOwnIdentity(database string) string {
	return "SELECT identity, name, catalog_identity, ready FROM " +
		inDatabase(database, identityTable) + " WHERE id = 1"
}

// claimIdentity gives a server an identity unless it has one: the identity,
// the shard's name and the catalog's identity are its arguments.
func claimIdentity(database string) string {
	return "INSERT IGNORE INTO " + inDatabase(database, identityTable) +
		" (id, identity, name, catalog_identity) VALUES (1, ?, ?, ?)"
}

// finishIdentity marks the shard as ready, under the name that is its argument.
func finishIdentity(database string) string {
	return "UPDATE " + inDatabase(database, identityTable) + " SET ready = TRUE, name = ? WHERE id = 1"
}

func inDatabase(database, table string) string {
	return server.QuoteName(database) + "." + server.QuoteName(table)
}

// readIdentity returns which shard a server is, and whether that shard is
// ready. No database or no table is no identity.
func readIdentity(ctx context.Context, db *sql.DB, database string) (id Identity, ready bool, err error) {
	err = untilWon(func() error {
		return db.QueryRowContext(ctx, selectOwnIdentity(database)).Scan(&id.Shard, &id.Name, &id.Catalog, &ready)
	})
	number := server.Number(err)
	switch {
	case errors.Is(err, sql.ErrNoRows), number == server.NoSuchTable, number == server.BadDatabase:
		return Identity{}, false, nil
	case err != nil:
		return Identity{}, false, fmt.Errorf("server's identity: %w", err)
	}
	id.Found = true
	return id, ready, nil
}

// maxConflicts bounds the attempts of a statement: each time one of those that
// conflict goes on, and few processes start at once.
const maxConflicts = 10

// untilWon runs a statement, again where it lost to another process that joins
// the shard: MySQL finds deadlocks between two of them, also of one that reads
// the table with one that creates it.
func untilWon(statement func() error) (err error) {
	for range maxConflicts {
		if err = statement(); !server.ClassOf(err).Has(server.Conflict) {
			return err
		}
	}
	return err
}
