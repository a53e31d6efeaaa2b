package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/shard"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// fixture is an ingester over real shards, named s0, s1 and so on, and a
// catalog on the first.
type fixture struct {
	*Ingester
	catalog   *store.Store
	shards    *shard.Set
	addresses []string
	database  string
}

func newFixture(t testing.TB, n int, change ...func(*Config)) *fixture {
	t.Helper()
	addresses := localtest.Servers(t, n)
	return fixtureOn(t, addresses, localtest.Database(t, addresses...), change...)
}

func fixtureOn(t testing.TB, addresses []string, database string, change ...func(*Config)) *fixture {
	t.Helper()
	ctx := t.Context()
	f := &fixture{addresses: addresses, database: database}
	cfg := shard.Config{Username: "root", Database: database, Tables: tables.RawLogs{}}
	var err error
	if f.shards, err = shard.NewSet(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.shards.Close() })
	db, err := shard.OpenDatabase(ctx, cfg, addresses[0], database+"_catalog")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	families := tables.NewFamilies(f.shards, nil)
	f.catalog, err = store.Open(ctx, db, store.Config{DDL: families, OnChange: f.shards.Sync})
	if err != nil {
		t.Fatal(err)
	}
	for i, address := range addresses {
		if _, err := f.shards.Join(ctx, f.catalog, fmt.Sprintf("s%d", i), address, shard.JoinOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	ingest := Config{Catalog: f.catalog, Shards: f.shards, Tables: families, RawLogs: true}
	for _, c := range change {
		c(&ingest)
	}
	if f.Ingester, err = New(ingest); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Ingester.Close() })
	return f
}

// put stores a request, which must succeed.
func (f *fixture) put(t testing.TB, body string) *Result {
	t.Helper()
	result, err := f.Put(t.Context(), []byte(body))
	if err != nil {
		t.Fatalf("put %.200s: %v", body, err)
	}
	return result
}

// db returns a pool of the test's own on the shard that has the family, or on
// the first.
func (f *fixture) db(t testing.TB, family string) *sql.DB {
	t.Helper()
	address := f.addresses[0]
	if table, ok := f.catalog.Snapshot().Table(family); ok {
		s, _ := f.catalog.Snapshot().Shard(table.Placements[0].Shard)
		address = s.Address
	}
	return localtest.Open(t, address, f.database)
}

// texts returns all rows of a query as strings; NULL is "NULL".
func (f *fixture) texts(t testing.TB, family, query string, args ...any) [][]string {
	t.Helper()
	return localtest.Rows(t, f.db(t, family), query, args...)
}

// count returns the number of rows of a table on the family's shard.
func (f *fixture) count(t testing.TB, family, table string) int {
	t.Helper()
	return localtest.Value[int](t, f.db(t, family), "SELECT COUNT(*) FROM `"+table+"`")
}

func (f *fixture) exec(t testing.TB, family string, statements ...string) {
	t.Helper()
	localtest.Exec(t, f.db(t, family), statements...)
}

// catalogDown is a catalog that can't be reached.
type catalogDown struct{ *store.Store }

func (c catalogDown) Refresh(context.Context) (*catalog.Snapshot, error) {
	return nil, catalog.ErrUnavailable
}

func (c catalogDown) EnsureFamily(ctx context.Context, name string, fields []catalog.Field) (*catalog.Change, error) {
	t, ok := c.Snapshot().Table(name)
	if !ok {
		return nil, catalog.ErrUnavailable
	}
	for _, f := range fields {
		if _, ok := t.Column(catalog.FieldColumn(f.Name)); !ok {
			return nil, catalog.ErrUnavailable
		}
	}
	return &catalog.Change{Table: t}, nil
}

func isServerError(err error, number uint16) bool {
	var e *shard.ServerError
	return errors.As(err, &e) && e.Number == number
}
