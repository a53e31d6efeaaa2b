package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
)

// everything is the number of families placed that a measurement has seen,
// where it has seen them all.
const everything = 1 << 20

func TestMain(m *testing.M) { localtest.Main(m) }

// database is a catalog database of a test's own.
type database struct {
	addr, name string
	*sql.DB
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	addr := localtest.Servers(t, 1)[0]
	name := localtest.Database(t, addr)
	return &database{addr, name, localtest.Open(t, addr, name)}
}

// open returns a catalog over the database with a pool of its own, as another
// process would have.
func (d *database) open(t *testing.T, cfg store.Config) *store.Store {
	t.Helper()
	c, err := store.Open(t.Context(), localtest.Open(t, d.addr, d.name), cfg)
	if err != nil {
		t.Fatalf("open catalog: %v", err)
	}
	return c
}

// newCatalog returns a catalog of the shards s0, s1 and so on, which are in
// memory.
func newCatalog(t *testing.T, shards int) (*database, *fakeShards, *store.Store) {
	t.Helper()
	d, all, processes := newCatalogs(t, 1, shards)
	return d, all, processes[0]
}

// newCatalogs returns the same catalog as several processes have it.
func newCatalogs(t *testing.T, processes, shards int) (*database, *fakeShards, []*store.Store) {
	t.Helper()
	d, fake := newDatabase(t), newFakeShards(t)
	all := make([]*store.Store, processes)
	for i := range all {
		all[i] = d.open(t, store.Config{DDL: fake})
	}
	addShards(t, all[0], shards)
	return d, fake, all
}

// lockFamilies locks all families, as one who changes them, until the
// transaction or the test ends.
func (d *database) lockFamilies(t *testing.T) *sql.Tx {
	t.Helper()
	tx, err := d.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tx.Rollback() })
	if _, err := tx.Exec("SELECT id FROM families FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	return tx
}

// exec runs a statement on the catalog's database behind the catalog's back.
func (d *database) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := d.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// wipe leaves a catalog of no shards in the database, if there is one, as a
// first start does, but that ids are not given again: where a table takes a
// second to be made, tests of many catalogs share their tables.
func (d *database) wipe(t *testing.T) {
	t.Helper()
	for _, table := range query(t, d.DB, "SHOW TABLES") {
		if name := table[0].String; name != "meta" {
			d.exec(t, "DELETE FROM `"+name+"`")
		}
	}
}

func (d *database) count(t *testing.T, table string) int {
	t.Helper()
	return localtest.Value[int](t, d.DB, "SELECT COUNT(*) FROM `"+table+"`")
}

// addShards adds the shards s0, s1, and so on.
func addShards(t *testing.T, c *store.Store, n int) {
	t.Helper()
	for i := range n {
		_, err := c.AddShard(t.Context(), catalog.Shard{
			Name: fmt.Sprintf("s%d", i), Address: fmt.Sprintf("host%d:3306", i), Identity: fmt.Sprintf("identity-%d", i),
		})
		if err != nil {
			t.Fatalf("add shard: %v", err)
		}
	}
}

func ensure(t *testing.T, c *store.Store, name string, fields ...catalog.Field) *catalog.Change {
	t.Helper()
	change, err := c.EnsureFamily(t.Context(), name, fields)
	if err != nil {
		t.Fatalf("ensure %s: %v", name, err)
	}
	return change
}

func spread(t *testing.T, c *store.Store, name string, shards int) *catalog.Table {
	t.Helper()
	table, err := c.Spread(t.Context(), name, shards)
	if err != nil {
		t.Fatalf("spread %s over %d shards: %v", name, shards, err)
	}
	return table
}

func addIndex(t *testing.T, c *store.Store, name string, columns ...string) *catalog.Table {
	t.Helper()
	table, err := c.AddIndex(t.Context(), name, catalog.Index{Columns: columns})
	if err != nil {
		t.Fatalf("index of %s: %v", name, err)
	}
	return table
}

func mustTable(t *testing.T, s *catalog.Snapshot, name string) *catalog.Table {
	t.Helper()
	table, ok := s.Table(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	return table
}

func refresh(t *testing.T, c *store.Store) *catalog.Snapshot {
	t.Helper()
	s, err := c.Refresh(t.Context())
	if err != nil {
		t.Fatalf("refresh: %v", err)
	}
	return s
}

func text(names ...string) []catalog.Field {
	fields := make([]catalog.Field, len(names))
	for i, name := range names {
		fields[i] = catalog.Field{Name: name, Type: catalog.Text}
	}
	return fields
}

func columnNames(t *catalog.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

func tableNames(s *catalog.Snapshot) []string {
	var names []string
	for t := range s.Tables {
		names = append(names, t.Name)
	}
	return names
}

func sameElements(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

var errCrash = errors.New("crash")

// crashAt returns a failpoint that crashes when name is passed for the first
// time.
func crashAt(name string) func(string) error {
	crashed := false
	return func(point string) error {
		if point != name || crashed {
			return nil
		}
		crashed = true
		return errCrash
	}
}
