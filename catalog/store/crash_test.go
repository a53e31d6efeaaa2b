package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// A change that may crash at each of its steps, the state that it starts from
// (after setup), and what there must be once someone has finished it.
type crashCase struct {
	name       string
	setup      func(t *testing.T, c *store.Store)
	change     func(t *testing.T, c *store.Store) error
	before     []string // the columns after setup; nil: no family
	columns    []string // nil: the family must be gone
	placements int      // 0 means 1
	indexes    int
	shadows    int
}

var crashCases = []crashCase{
	{
		name:  "create",
		setup: func(*testing.T, *store.Store) {},
		change: func(t *testing.T, c *store.Store) error {
			_, err := c.EnsureFamily(t.Context(), "dogs", text("name", "breed"))
			return err
		},
		columns: []string{"name", "breed"},
	},
	{
		name:  "add",
		setup: func(t *testing.T, c *store.Store) { ensure(t, c, "dogs", text("name")...) },
		change: func(t *testing.T, c *store.Store) error {
			_, err := c.EnsureFamily(t.Context(), "dogs", text("breed", "name", "age"))
			return err
		},
		before:  []string{"name"},
		columns: []string{"name", "breed", "age"},
	},
	{
		name: "add to a split family",
		setup: func(t *testing.T, c *store.Store) {
			ensure(t, c, "dogs", text("name")...)
			spread(t, c, "dogs", 2)
		},
		change: func(t *testing.T, c *store.Store) error {
			_, err := c.EnsureFamily(t.Context(), "dogs", text("breed"))
			return err
		},
		before:     []string{"name"},
		columns:    []string{"name", "breed"},
		placements: 2,
	},
	{
		name: "spread",
		setup: func(t *testing.T, c *store.Store) {
			ensure(t, c, "dogs", text("name")...)
			addIndex(t, c, "dogs", "name")
		},
		change: func(t *testing.T, c *store.Store) error {
			_, err := c.Spread(t.Context(), "dogs", 2)
			return err
		},
		before:     []string{"name"},
		columns:    []string{"name"},
		placements: 2,
		indexes:    1,
		shadows:    1,
	},
	{
		name: "index",
		setup: func(t *testing.T, c *store.Store) {
			ensure(t, c, "dogs", text("name", "breed")...)
			spread(t, c, "dogs", 2)
		},
		change: func(t *testing.T, c *store.Store) error {
			_, err := c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"breed", "name"}})
			return err
		},
		before:     []string{"name", "breed"},
		columns:    []string{"name", "breed"},
		placements: 2,
		indexes:    1,
	},
	{
		name: "drop an index",
		setup: func(t *testing.T, c *store.Store) {
			ensure(t, c, "dogs", text("name")...)
			spread(t, c, "dogs", 2)
			addIndex(t, c, "dogs", "name")
		},
		change: func(t *testing.T, c *store.Store) error {
			err := c.DropIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"name"}})
			if errors.Is(err, catalog.ErrUnknownIndex) && len(mustTable(t, refresh(t, c), "dogs").Indexes) == 0 {
				return nil // it was done already
			}
			return err
		},
		before:     []string{"name"},
		columns:    []string{"name"},
		placements: 2,
	},
	{
		name: "index of a bucket",
		setup: func(t *testing.T, c *store.Store) {
			ensure(t, c, "dogs", catalog.Field{Name: "at", Type: catalog.Timestamp})
			spread(t, c, "dogs", 2)
		},
		change: func(t *testing.T, c *store.Store) error {
			return errorOf(c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"at"}, Bucket: catalog.Hour}))
		},
		before:     []string{"at"},
		columns:    []string{"at"},
		placements: 2,
		shadows:    1,
	},
	{
		name: "no shadow any more",
		setup: func(t *testing.T, c *store.Store) {
			ensure(t, c, "dogs", text("name")...)
			spread(t, c, "dogs", 2)
			addIndex(t, c, "dogs", "name")
		},
		change: func(t *testing.T, c *store.Store) error {
			return errorOf(c.Unshadow(t.Context(), "dogs", []string{"name"}))
		},
		before:     []string{"name"},
		columns:    []string{"name"},
		placements: 2,
		indexes:    1,
	},
	{
		name: "drop",
		setup: func(t *testing.T, c *store.Store) {
			ensure(t, c, "dogs", text("name")...)
			spread(t, c, "dogs", 2)
		},
		change: func(t *testing.T, c *store.Store) error { return c.DropFamily(t.Context(), "dogs") },
		before: []string{"name"},
	},
}

// steps returns the failpoints that the change passes.
func (test *crashCase) steps(t *testing.T, d *database) []string {
	t.Helper()
	var points []string
	shards := newFakeShards(t)
	test.prepare(t, d, shards)
	c := d.open(t, store.Config{DDL: shards}.WithFailpoint(func(name string) error {
		points = append(points, name)
		return nil
	}))
	if err := test.change(t, c); err != nil {
		t.Fatalf("without a crash: %v", err)
	}
	if len(points) < 6 {
		t.Fatalf("failpoints %v, want at least 6", points)
	}
	return points
}

// prepare makes the catalog anew.
func (test *crashCase) prepare(t *testing.T, d *database, shards *fakeShards) {
	t.Helper()
	d.wipe(t)
	c := d.open(t, store.Config{DDL: shards})
	addShards(t, c, 2)
	test.setup(t, c)
}

// crash performs the change in a process that dies at the point, and returns a
// catalog of another process.
func (test *crashCase) crash(t *testing.T, d *database, point string) (*fakeShards, *store.Store) {
	t.Helper()
	shards := newFakeShards(t)
	test.prepare(t, d, shards)
	dying := d.open(t, store.Config{DDL: shards}.WithFailpoint(crashAt(point)))
	if err := test.change(t, dying); !errors.Is(err, errCrash) {
		t.Fatalf("crash ended in %v", err)
	}
	return shards, d.open(t, store.Config{DDL: shards})
}

// verifyDone checks that the change was done, besides what verify does.
func (test *crashCase) verifyDone(t *testing.T, d *database, shards *fakeShards) {
	t.Helper()
	test.verify(t, d, shards, test.columns)
	if test.columns == nil {
		return
	}
	table := mustTable(t, d.open(t, store.Config{}).Snapshot(), "dogs")
	if n := len(table.Placements); n != max(test.placements, 1) {
		t.Errorf("%d placements, want %d", n, max(test.placements, 1))
	}
	if n := len(table.Indexes); n != test.indexes {
		t.Errorf("%d indexes, want %d", n, test.indexes)
	}
	if n := len(table.Shadows); n != test.shadows {
		t.Errorf("%d shadows, want %d", n, test.shadows)
	}
}

// verify checks what a process sees that starts after all.
func (test *crashCase) verify(t *testing.T, d *database, shards *fakeShards, columns []string) {
	t.Helper()
	c := d.open(t, store.Config{DDL: shards})
	if left := c.Unfinished(); len(left) != 0 {
		t.Errorf("unfinished: %v", left)
	}
	if columns != nil {
		shards.check(t, c.Snapshot(), "dogs", columns...)
		return
	}
	if names := tableNames(c.Snapshot()); len(names) != 0 {
		t.Errorf("the catalog still has %v", names)
	}
	if on := shards.find("dogs"); len(on) != 0 {
		t.Errorf("the table is still on %v", on)
	}
}

func TestCrashThenSameChange(t *testing.T) {
	d := newDatabase(t)
	for _, test := range crashCases {
		for _, point := range test.steps(t, d) {
			t.Run(test.name+"/"+point, func(t *testing.T) {
				shards, c := test.crash(t, d, point)
				err := test.change(t, c)
				if err != nil && !(test.columns == nil && errors.Is(err, catalog.ErrUnknownFamily)) {
					t.Fatalf("the same change again: %v", err)
				}
				test.verifyDone(t, d, shards)
			})
		}
	}
}

func TestCrashThenSweep(t *testing.T) {
	d := newDatabase(t)
	for _, test := range crashCases {
		points := test.steps(t, d)
		// What isn't committed as an intent is as if it never was.
		for _, point := range points[1:] {
			t.Run(test.name+"/"+point, func(t *testing.T) {
				shards, c := test.crash(t, d, point)
				sweep := c.Sweeper()
				sweep(t.Context())
				left := len(c.Unfinished())
				if lost := point == "finished"; (left == 0) != lost {
					t.Errorf("%d unfinished families after the first look, at which none is touched", left)
				}
				sweep(t.Context())
				test.verifyDone(t, d, shards)
			})
		}
	}
}

func TestCrashThenOtherFields(t *testing.T) {
	d := newDatabase(t)
	for _, test := range crashCases {
		for i, point := range test.steps(t, d) {
			t.Run(test.name+"/"+point, func(t *testing.T) {
				shards, c := test.crash(t, d, point)
				ensure(t, c, "dogs", text("owner", "name")...)
				want := slices.Clone(test.before)
				if i > 0 { // the intent was committed
					want = slices.Clone(test.columns)
				}
				for _, name := range []string{"owner", "name"} {
					if !slices.Contains(want, name) {
						want = append(want, name)
					}
				}
				// The other parts of what was intended are left to others.
				sweep := c.Sweeper()
				for range 2 {
					sweep(t.Context())
				}
				test.verify(t, d, shards, want)
			})
		}
	}
}

func TestCrashThenDrop(t *testing.T) {
	d := newDatabase(t)
	for _, test := range crashCases {
		for _, point := range test.steps(t, d) {
			t.Run(test.name+"/"+point, func(t *testing.T) {
				shards, c := test.crash(t, d, point)
				if err := c.DropFamily(t.Context(), "dogs"); err != nil && !errors.Is(err, catalog.ErrUnknownFamily) {
					t.Fatal(err)
				}
				test.verify(t, d, shards, nil)
			})
		}
	}
}

// The shard's server may die after it has obeyed: the DDL fails, and is done
// all the same.
func TestCrashOfShard(t *testing.T) {
	d := newDatabase(t)
	for _, test := range crashCases {
		t.Run(test.name, func(t *testing.T) {
			shards := newFakeShards(t)
			test.prepare(t, d, shards)
			c := d.open(t, store.Config{DDL: shards}.WithFailpoint(crashAt("after DDL")))
			if err := test.change(t, c); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			if err := test.change(t, c); err != nil {
				t.Fatal(err)
			}
			test.verifyDone(t, d, shards)
		})
	}
}

// A process that is suspended just before its CREATE, and loses its lock by
// that, may create the table of a family that is gone. That must not be in the
// way of the family's next life.
func TestSuspendedCreate(t *testing.T) {
	t.Parallel() // TiDB keeps the locks of a killed connection for 20 s
	d, shards, b := newCatalog(t, 1)
	suspended := false
	pool := localtest.Open(t, d.addr, d.name)
	pool.SetMaxOpenConns(1)
	a, err := store.Open(t.Context(), pool, store.Config{DDL: shards}.WithFailpoint(func(point string) error {
		if point != "before DDL" || suspended {
			return nil
		}
		suspended = true
		killOthers(t, d)
		return b.DropFamily(t.Context(), "dogs")
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.EnsureFamily(t.Context(), "dogs", text("weight")); !errors.Is(err, catalog.ErrUnavailable) {
		t.Fatalf("resumed without its connection: %v", err)
	}
	if _, ok := refresh(t, a).Table("dogs"); ok {
		t.Error("the dropped family is back")
	}
	ensure(t, b, "dogs", catalog.Field{Name: "weight", Type: catalog.Int})
	shards.check(t, b.Snapshot(), "dogs", "weight")
}

// killOthers ends the connections to the test's database that are in a
// transaction.
func killOthers(t *testing.T, d *database) {
	t.Helper()
	query := `SELECT p.id FROM information_schema.processlist p
		JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = p.id WHERE p.db = DATABASE()`
	if localtest.Backend(t).Vendor == server.TiDB {
		query = "SELECT session_id FROM information_schema.tidb_trx WHERE db = DATABASE()"
	}
	ids := localtest.Rows(t, d.DB, query)
	if len(ids) != 1 {
		t.Fatalf("transactions %v; want one", ids)
	}
	d.exec(t, "KILL "+ids[0][0])
}
