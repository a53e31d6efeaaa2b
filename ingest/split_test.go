package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/shard"
)

// split makes the family q with placements on so many shards, which all take
// rows. A catalog of another process, with a short grace, opens them.
func split(t testing.TB, f *fixture, shards int) {
	t.Helper()
	f.put(t, event())
	spread(t, f, shards)
	localtest.Eventually(t, time.Minute, "all placements to take rows", func() bool { return len(writable(t, f)) == shards })
}

func spread(t testing.TB, f *fixture, shards int) {
	t.Helper()
	if _, err := f.catalog.Spread(t.Context(), "q", shards); err != nil {
		t.Fatal(err)
	}
	opener := f.otherCatalog(t, store.Config{PollInterval: 10 * time.Millisecond, Grace: 100 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { opener.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// otherCatalog is the catalog as another process has it.
func (f *fixture) otherCatalog(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	db, err := shard.OpenDatabase(t.Context(), shard.Config{Username: "root", Database: f.database}, f.addresses[0], f.database+"_catalog")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := store.Open(t.Context(), db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// writable returns the placements of family q that take rows.
func writable(t testing.TB, f *fixture) []catalog.Placement {
	t.Helper()
	s, err := f.catalog.Refresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table, ok := s.Table("q")
	if !ok {
		t.Fatal("no family q")
	}
	return s.Writable(table)
}

// countAt returns the number that a query on the ith shard returns.
func (f *fixture) countAt(t testing.TB, i int, query string) int {
	t.Helper()
	db := localtest.Open(t, f.addresses[i], f.database)
	defer db.Close() // it may be asked often
	return localtest.Value[int](t, db, query)
}

// check returns the number of family q's rows on each of n shards. Each has a
// raw log beside it, and an id of its placement.
func (f *fixture) check(t testing.TB, n int) (rows []int) {
	t.Helper()
	for i := range n {
		rows = append(rows, f.countAt(t, i, "SELECT COUNT(*) FROM q"))
		if raw := f.countAt(t, i, "SELECT COUNT(*) FROM raw_logs"); raw != rows[i] {
			t.Errorf("shard %d: %d rows, %d raw logs", i, rows[i], raw)
		}
		first := i * catalog.PlacementSpan
		outside := fmt.Sprintf("SELECT COUNT(*) FROM q WHERE id <= %d OR id > %d", first, first+catalog.PlacementSpan)
		if n := f.countAt(t, i, outside); n != 0 {
			t.Errorf("shard %d: %d ids that are not the placement's", i, n)
		}
	}
	return rows
}

// together has clients make requests at the same time.
func together(clients, requests int, request func(client, n int)) {
	var running sync.WaitGroup
	for c := range clients {
		running.Go(func() {
			for n := range requests {
				request(c, n)
			}
		})
	}
	running.Wait()
}

// TestSplitFamily stores requests of many clients in a family with three
// placements.
func TestSplitFamily(t *testing.T) {
	f := newFixture(t, 3)
	split(t, f, 3)
	const clients, requests = 16, 30
	together(clients, requests, func(c, i int) {
		value := fmt.Sprintf("%d-%d", c, i)
		if _, err := f.Put(t.Context(), []byte(event(value, value))); err != nil {
			t.Errorf("request %s: %v", value, err)
		}
	})
	rows := f.check(t, 3)
	all := 0
	for i, n := range rows {
		all += n
		if n < clients*requests/50 {
			t.Errorf("shard %d has %d of %d rows", i, n, clients*requests*2)
		}
		if split := f.countAt(t, i, "SELECT COUNT(*) FROM (SELECT v FROM q GROUP BY v HAVING COUNT(*) <> 2) x"); split != 0 {
			t.Errorf("shard %d: %d requests in part", i, split)
		}
	}
	if all != clients*requests*2 {
		t.Errorf("%d rows, want %d", all, clients*requests*2)
	}
	t.Logf("rows %v", rows)
}

// TestRotation stores one request after the other: no placement is left out.
func TestRotation(t *testing.T) {
	f := newFixture(t, 2)
	split(t, f, 2)
	for range 40 { // all on one: 1 in 10^12
		f.put(t, event("v"))
	}
	if rows := f.check(t, 2); rows[0] == 0 || rows[1] == 0 {
		t.Errorf("rows %v", rows)
	}
}

// TestFreshPlacement writes nothing to a placement that others may not know.
func TestFreshPlacement(t *testing.T) {
	f := newFixture(t, 2)
	f.put(t, event("v"))
	if _, err := f.catalog.Spread(t.Context(), "q", 2); err != nil {
		t.Fatal(err)
	}
	together(8, 10, func(int, int) {
		if _, err := f.Put(t.Context(), []byte(event("v"))); err != nil {
			t.Error(err)
		}
	})
	if rows := f.check(t, 2); rows[0] != 81 || rows[1] != 0 {
		t.Errorf("rows %v", rows)
	}
}

// TestNewColumnsOfSplitFamily brings new fields while the family is spread.
func TestNewColumnsOfSplitFamily(t *testing.T) {
	f := newFixture(t, 3)
	f.put(t, event("v"))
	var running sync.WaitGroup
	for i := range 12 {
		running.Go(func() {
			body := fmt.Sprintf(`{"family":"q","schema":{"f%d":"int"},"logs":[{"f%d":1}]}`, i, i)
			if _, err := f.Put(t.Context(), []byte(body)); err != nil {
				t.Error(err)
			}
		})
	}
	running.Go(func() { spread(t, f, 2) })
	running.Go(func() {
		if _, err := f.catalog.AddIndex(t.Context(), "q", catalog.Index{Columns: []string{"v"}}); err != nil {
			t.Error(err)
		}
	})
	running.Wait()
	spread(t, f, 3)
	const shape = "SELECT CRC32(GROUP_CONCAT(column_name, data_type ORDER BY ordinal_position)) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'q' AND column_name NOT LIKE '#%'"
	const key = "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'q' AND index_name = 'ix_1' AND sub_part = 64"
	for i := range 3 {
		if got, want := f.countAt(t, i, "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'q' AND column_name NOT LIKE '#%'"), 2+12; got != want {
			t.Errorf("shard %d has %d columns, want %d", i, got, want)
		}
		if f.countAt(t, i, shape) != f.countAt(t, 0, shape) {
			t.Errorf("shard %d has another table than shard 0", i)
		}
		if n := f.countAt(t, i, key); n != 1 {
			t.Errorf("shard %d has %d of the index", i, n)
		}
	}
}

// TestFullPlacement moves a family under load to the placement that is not
// full.
func TestFullPlacement(t *testing.T) {
	f := newFixture(t, 2)
	split(t, f, 2)
	full := &fullCatalog{Catalog: f.catalog}
	f.Ingester.cfg.Catalog = full
	var stop atomic.Bool
	var stored atomic.Int64
	var running sync.WaitGroup
	for range 8 { // the queue is never empty for long
		running.Go(func() {
			for !stop.Load() {
				if _, err := f.Put(t.Context(), []byte(event("v"))); err != nil {
					t.Error(err)
				}
				stored.Add(1)
			}
		})
	}
	await(t, &stored, 100)
	full.shard.Store(ptr("s0"))
	rows := func() int { return f.countAt(t, 0, "SELECT COUNT(*) FROM q") }
	localtest.Eventually(t, time.Minute, "the full placement to get no more rows", func() bool {
		before := rows()
		await(t, &stored, 200)
		return rows() == before
	})
	stop.Store(true)
	running.Wait()
	f.check(t, 2)
}

func ptr[T any](v T) *T { return &v }

// fullCatalog says that family q's placement on a shard is full.
type fullCatalog struct {
	Catalog
	shard atomic.Pointer[string]
}

func (c *fullCatalog) Snapshot() *catalog.Snapshot {
	s := c.Catalog.Snapshot()
	shard := c.shard.Load()
	if shard == nil {
		return s
	}
	table, _ := s.Table("q")
	changed := *table
	changed.Placements = slices.Clone(table.Placements)
	for i := range changed.Placements {
		changed.Placements[i].Full = changed.Placements[i].Shard == *shard
	}
	return catalog.NewSnapshot(s.Version, slices.Clone(s.Shards()), []*catalog.Table{&changed})
}

func (c *fullCatalog) EnsureFamily(context.Context, string, []catalog.Field) (*catalog.Change, error) {
	table, _ := c.Snapshot().Table("q")
	return &catalog.Change{Table: table}, nil
}

// TestShardOfSplitFamilyDown takes a shard away: what wasn't sent to it goes
// to the other. It is used again when it is back.
func TestShardOfSplitFamilyDown(t *testing.T) {
	cluster := localtest.Dedicated(t, 2)
	f := fixtureOn(t, cluster.Sockets(), "down")
	split(t, f, 2)
	// Connections that the server's end leaves behind.
	together(32, 1, func(int, int) { f.put(t, event("v")) })
	cluster.Stop(1)
	var failed atomic.Int64
	for range 3 {
		together(16, 10, func(int, int) {
			if _, err := f.Put(t.Context(), []byte(event("v"))); err != nil {
				failed.Add(1)
				t.Logf("%v", err)
			}
		})
	}
	if failed.Load() > 0 {
		t.Errorf("%d of %d requests failed", failed.Load(), 3*160)
	}
	cluster.Resume(1)
	before := f.countAt(t, 1, "SELECT COUNT(*) FROM q")
	localtest.Eventually(t, time.Minute, "rows on the shard that is back", func() bool {
		f.put(t, event("v"))
		return f.countAt(t, 1, "SELECT COUNT(*) FROM q") > before
	})
	f.check(t, 2)

	cluster.Stop(0)
	cluster.Stop(1)
	if _, err := f.Put(t.Context(), []byte(event("v"))); !errors.Is(err, shard.ErrUnreachable) {
		t.Errorf("with no shard up: %v", err)
	}
}

// TestSlowPlacement holds one placement's table: the other takes all that
// comes, but the batches that wait for the table.
func TestSlowPlacement(t *testing.T) {
	f := newFixture(t, 2)
	split(t, f, 2)
	lock := lockTable(t, localtest.Open(t, f.addresses[1], f.database))
	var stored atomic.Int64
	var running sync.WaitGroup
	for range 50 {
		running.Go(func() {
			if _, err := f.Put(t.Context(), []byte(event("v"))); err != nil {
				t.Error(err)
			}
			stored.Add(1)
		})
		time.Sleep(2 * time.Millisecond)
	}
	localtest.Eventually(t, time.Minute, "most requests to be stored", func() bool { return stored.Load() >= 30 })
	localtest.Exec(t, lock, "UNLOCK TABLES")
	running.Wait()
	if rows := f.check(t, 2); rows[0]+rows[1] != 50 {
		t.Errorf("rows %v", rows)
	}
}
