package shard

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

// plain returns a session as a client has it that asks for nothing but
// utf8mb4, less what changes which statements a server takes.
func plain(t *testing.T, address, database string) *sql.Conn {
	t.Helper()
	conn, err := localtest.Open(t, address, database).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	for _, s := range []string{"SET NAMES utf8mb4",
		"SET SESSION sql_mode = REPLACE(@@GLOBAL.sql_mode, 'ONLY_FULL_GROUP_BY,', '')"} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// TestPlainClient finds that a query computes as a plain client's does, where
// the catalog has the server's default collation, and that what is made has
// that collation too.
func TestPlainClient(t *testing.T) {
	address := localtest.Servers(t, 1)[0]
	f := emptyFixture(t, localtest.Database(t, address))
	client := plain(t, address, "")
	if err := client.QueryRowContext(t.Context(), "SELECT COLLATION(CONVERT('' USING utf8mb4))").Scan(&f.registry.collation); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Join(t.Context(), f.registry, "s0", address, JoinOptions{}); err != nil {
		t.Fatal(err)
	}
	f.Sync(f.registry.snapshot())
	sh := f.shard(t, "s0")
	if sh.Collation() != f.registry.collation {
		t.Errorf("the shard has the collation %s", sh.Collation())
	}
	c := open(t, sh)
	for range 2 {
		for _, query := range []string{
			"@@collation_connection", "@@sql_mode", "'a' = 'a '", "'a' = 'A'", "'ß' = 'ss'", "'😀' = '😁'",
			"str_to_date('2007-10-00', '%Y-%m-%d')", "HEX(CHAR(0xFF USING utf8mb4))",
			"EXTRACT(HOUR_SECOND FROM CAST(200012010000 AS DATE))", "CAST('2101-00-01 02:03:04' AS DATETIME)", "1 / 0",
		} {
			var want sql.NullString
			if err := client.QueryRowContext(t.Context(), "SELECT "+query).Scan(&want); err != nil {
				t.Fatal(err)
			}
			got := texts(t, c, "SELECT IFNULL("+query+", 'NULL')")[0][0]
			if !want.Valid {
				want.String = "NULL"
			}
			if got != want.String {
				t.Errorf("%s: %s, to a plain client %s", query, got, want.String)
			}
		}
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, c, "SELECT @@collation_database")[0][0]; got != f.registry.collation {
		t.Errorf("the database has the collation %s", got)
	}
}

// TestMissingCollation refuses a server that lacks the catalog's collation, by
// name, and leaves it as it was.
func TestMissingCollation(t *testing.T) {
	const missing = "utf8mb4_of_another_server_ci"
	f := newFixture(t, 1)
	address := f.addresses[0]
	lacks := func(what string, err error) {
		t.Helper()
		var lacking *CollationError
		if !errors.As(err, &lacking) || lacking.Collation != missing || lacking.Shard != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	f.registry.collation = missing
	_, err := f.Join(t.Context(), f.registry, "s0", address, JoinOptions{})
	lacks("s0", err)
	f.Sync(f.registry.snapshot()) // as of a process that starts
	_, err = f.shard(t, "s0").Conn(t.Context())
	lacks("s0", err)

	other := emptyFixture(t, f.database+"_other")
	other.registry.collation = missing
	_, err = other.Join(t.Context(), other.registry, "new", address, JoinOptions{})
	lacks("new", err)
	if n := len(other.registry.snapshot().Shards()); n != 0 {
		t.Errorf("the catalog has %d shards", n)
	}
	names := localtest.Rows(t, localtest.Open(t, address, ""), fmt.Sprintf("SHOW DATABASES LIKE '%s%%'", f.database))
	if slices.ContainsFunc(names, func(row []string) bool { return row[0] == other.database }) {
		t.Error("the server has been given a database")
	}
}
