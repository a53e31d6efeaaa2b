package tables

import (
	"database/sql"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/shard"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// fixture is the tables of one real shard, s0, in a database of the test's own.
type fixture struct {
	*Families
	set *shard.Set
	cat *store.Store
	db  *sql.DB
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	address := localtest.Servers(t, 1)[0]
	f := fixtureOn(t, address, localtest.Database(t, address))
	if err := f.join(t, "s0", address); err != nil {
		t.Fatal(err)
	}
	return f
}

// fixtureOn is a fixture whose server is no shard yet, and keeps the catalog.
func fixtureOn(t testing.TB, address, database string) *fixture {
	t.Helper()
	cfg := shard.Config{Username: "root", Database: database, Tables: RawLogs{}}
	set, err := shard.NewSet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	db, err := shard.OpenDatabase(t.Context(), cfg, address, database+"_catalog")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := &fixture{Families: NewFamilies(set, nil), set: set, db: localtest.Open(t, address, database)}
	if f.cat, err = store.Open(t.Context(), db, store.Config{DDL: f, OnChange: set.Sync}); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) join(t testing.TB, name, address string) error {
	_, err := f.set.Join(t.Context(), f.cat, name, address, shard.JoinOptions{})
	return err
}

// texts returns all rows of a query as strings; NULL is "NULL".
func (f *fixture) texts(t testing.TB, query string, args ...any) [][]string {
	t.Helper()
	return localtest.Rows(t, f.db, query, args...)
}

func (f *fixture) exec(t testing.TB, statements ...string) {
	t.Helper()
	localtest.Exec(t, f.db, statements...)
}

// read has a transaction read a table, which is in use until that or the test
// ends.
func (f *fixture) read(t testing.TB, table string) *sql.Tx {
	t.Helper()
	reader, err := f.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Rollback() })
	localtest.Exec(t, reader, "SELECT COUNT(*) FROM "+table)
	return reader
}
