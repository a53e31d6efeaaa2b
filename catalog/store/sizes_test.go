package store_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

// placementOf returns a table's placement of that number.
func placementOf(t *testing.T, s *catalog.Snapshot, table string, number int) catalog.Placement {
	t.Helper()
	found, ok := s.Table(table)
	if !ok {
		t.Fatalf("no table %s", table)
	}
	for _, p := range found.Placements {
		if p.Number == number {
			return p
		}
	}
	t.Fatalf("table %s has no placement %d", table, number)
	return catalog.Placement{}
}

func TestRecordShardSizes(t *testing.T) {
	_, _, c := newCatalog(t, 1)
	ensure(t, c, "dogs")
	for _, test := range []struct {
		name        string
		bytes, rows int64
		bumps       bool
	}{
		{"first", 1_000_000, 10_000, true},
		{"same", 1_000_000, 10_000, false},
		{"hardly more", 1_005_000, 10_050, false},
		{"more bytes", 1_500_000, 10_050, true},
		{"more rows", 1_500_000, 20_000, true},
		{"less", 10, 0, true},
	} {
		before := c.Snapshot().Version
		err := c.RecordSizes(t.Context(), "s0", everything, []catalog.TableSize{
			{Name: "some", Bytes: test.bytes - 10, Rows: test.rows}, {Name: "other", Bytes: 10},
			{Name: "foreign", Database: "crm", Bytes: 1 << 40, Rows: 1 << 30},
		})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		s := refresh(t, c)
		if bumped := s.Version > before; bumped != test.bumps {
			t.Errorf("%s: version raised: %v", test.name, bumped)
		}
		shard, _ := s.Shard("s0")
		if shard.Placed != 0 || test.bumps && (shard.Bytes != test.bytes || shard.Rows != test.rows) {
			t.Errorf("%s: shard %+v", test.name, shard)
		}
	}
	if err := c.RecordSizes(t.Context(), "s9", everything, nil); !errors.Is(err, catalog.ErrUnknownShard) {
		t.Errorf("unknown shard: %v", err)
	}
}

// A placement's size is recorded when it is first known, and when it has
// changed noticeably.
func TestRecordPlacementSizes(t *testing.T) {
	d := newDatabase(t)
	c, other := d.open(t, store.Config{DDL: newFakeShards(t)}), d.open(t, store.Config{})
	addShards(t, c, 1)
	ensure(t, c, "Dogs")
	const mib = 1 << 20
	for _, test := range []struct {
		name              string
		bytes, rows       int64
		knownAs, knownRow int64
	}{
		{"first", 16384, 3, 16384, 3},
		{"small growth", 16384 + 64<<10, 900, 16384, 3},
		{"more bytes", 2 * mib, 900, 2 * mib, 900},
		{"a fifth", 2*mib + 2*mib/5, 1080, 2 * mib, 900},
		{"more rows", 2 * mib, 5000, 2 * mib, 5000},
		{"many", 900 * mib, 1_000_000, 900 * mib, 1_000_000},
		{"some more", 1000 * mib, 1_100_000, 900 * mib, 1_000_000},
		{"emptied", 16384, 0, 16384, 0},
	} {
		before, _ := refresh(t, other).Table("dogs")
		err := c.RecordSizes(t.Context(), "s0", everything, []catalog.TableSize{{Name: "Dogs", Bytes: test.bytes, Rows: test.rows}})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		for _, s := range []*catalog.Snapshot{refresh(t, c), refresh(t, other), d.open(t, store.Config{}).Snapshot()} {
			if p := placementOf(t, s, "dogs", 0); p.Bytes != test.knownAs || p.Rows != test.knownRow {
				t.Errorf("%s: placement %+v", test.name, p)
			}
		}
		after, _ := other.Snapshot().Table("dogs")
		changed := before.Placements[0] != after.Placements[0]
		if kept := before == after; kept == changed {
			t.Errorf("%s: changed: %v, table kept: %v", test.name, changed, kept)
		}
	}
}

// Sizes are of one table on one shard: neither of another that has its name in
// other case, nor of one that an earlier family of the name had.
func TestSizesFindTheirTables(t *testing.T) {
	d, _, c := newCatalog(t, 2)
	ensure(t, c, "Dogs") // on s0
	orders := registered("orders", "s1", "CRM")
	orders.Placements[0].Rows = 7
	for _, table := range []*catalog.Table{registered("owners", "s1", ""), orders} {
		if err := c.RegisterTable(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	if p := placementOf(t, c.Snapshot(), "orders", 0); p.Rows != 7 {
		t.Errorf("registered with its size: %+v", p)
	}
	record := func(shard string, sizes ...catalog.TableSize) {
		t.Helper()
		if err := c.RecordSizes(t.Context(), shard, everything, sizes); err != nil {
			t.Fatal(err)
		}
		refresh(t, c)
	}
	record("s0", catalog.TableSize{Name: "dogs", Rows: 5}, catalog.TableSize{Name: "Dogs", Rows: 1},
		catalog.TableSize{Name: "DOGS", Rows: 6}, catalog.TableSize{Name: "raw_logs", Rows: 2, Bytes: 20})
	record("s0", catalog.TableSize{Name: "dogs", Rows: 50_000}, catalog.TableSize{Name: "Dogs", Rows: 1})
	record("s1", catalog.TableSize{Name: "Dogs", Rows: 9}, catalog.TableSize{Name: "raw_logs", Rows: 3},
		catalog.TableSize{Name: "owners", Rows: 4}, catalog.TableSize{Name: "orders", Rows: 9},
		catalog.TableSize{Name: "orders", Database: "crm", Rows: 100_000}, catalog.TableSize{Name: "owners", Database: "crm", Rows: 9})
	want := map[string][]int64{"Dogs": {1}, "raw_logs": {2, 3}, "owners": {4}, "orders": {100_000}}
	for _, s := range []*catalog.Snapshot{c.Snapshot(), d.open(t, store.Config{}).Snapshot()} {
		for name, rows := range want {
			for number, n := range rows {
				if p := placementOf(t, s, name, number); p.Rows != n {
					t.Errorf("%s, placement %d: %+v, want %d rows", name, number, p, n)
				}
			}
		}
	}

	if err := errors.Join(c.DropFamily(t.Context(), "Dogs"), c.UnregisterTable(t.Context(), "owners")); err != nil {
		t.Fatal(err)
	}
	// As a process that measured before the drop may write it after it.
	d.exec(t, "INSERT INTO sizes SELECT 'dogs', 0, 1, 5, 5, version FROM meta")
	again := ensure(t, c, "dogs").Table
	if p := again.Placements[0]; p.Rows != 0 || p.Bytes != 0 {
		t.Errorf("a new family of the name has %+v", p)
	}
	if n := d.count(t, "sizes"); n != 1+2+1 { // that one, raw_logs and orders
		t.Errorf("%d sizes are left", n)
	}
}

// A process that follows loads only the tables that have changed.
func TestSizesAreIncremental(t *testing.T) {
	d := newDatabase(t)
	c, other := d.open(t, store.Config{DDL: newFakeShards(t)}), d.open(t, store.Config{})
	addShards(t, c, 1)
	var sizes []catalog.TableSize
	for _, name := range []string{"ants", "bees", "cats"} {
		ensure(t, c, name)
		sizes = append(sizes, catalog.TableSize{Name: name, Bytes: 1 << 20})
	}
	tables := func() (all []*catalog.Table) {
		if err := c.RecordSizes(t.Context(), "s0", everything, sizes); err != nil {
			t.Fatal(err)
		}
		return slices.Collect(refresh(t, other).Tables)
	}
	first := tables()
	sizes[1].Bytes *= 2
	second := tables()
	if first[0] != second[0] || first[1] == second[1] || first[2] != second[2] {
		t.Errorf("before %v, after %v: want the same but for the second", first, second)
	}
	ensure(t, c, "bees", text("name")...)
	if p := placementOf(t, refresh(t, other), "bees", 0); p.Bytes != 2<<20 {
		t.Errorf("after a new column: %+v", p)
	}
}

func TestClaimSizing(t *testing.T) {
	d, _, all := newCatalogs(t, 4, 0)
	var claims atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			ok, err := all[i%len(all)].ClaimSizing(t.Context(), time.Hour)
			if err != nil {
				t.Error(err)
			}
			if ok {
				claims.Add(1)
			}
		})
	}
	wg.Wait()
	if n := claims.Load(); n != 1 {
		t.Errorf("%d claims, want 1", n)
	}
	d.exec(t, "UPDATE meta SET sized_at = sized_at - INTERVAL 2 HOUR")
	if ok, err := all[0].ClaimSizing(t.Context(), time.Hour); !ok || err != nil {
		t.Errorf("after the interval: %v, %v", ok, err)
	}
}
