package store_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

func TestAddShard(t *testing.T) {
	c := newDatabase(t).open(t, store.Config{})
	add := func(name, address, identity string) (*catalog.Shard, error) {
		return c.AddShard(t.Context(), catalog.Shard{Name: name, Address: address, Identity: identity})
	}
	a, err := add("a", "host:1", "x")
	if err != nil || *a != (catalog.Shard{Name: "a", Address: "host:1", Identity: "x", Catalog: c.ID(), Collation: c.Collation(), State: catalog.Active, Weight: 1}) {
		t.Fatalf("first: %+v, %v", a, err)
	}
	b, err := add("b", "host:2", "y")
	if err != nil || b.Number != 1 {
		t.Fatalf("second: %+v, %v", b, err)
	}
	version := c.Snapshot().Version
	again, err := add("a", "elsewhere:1", "x")
	if err != nil || *again != *a {
		t.Errorf("again: %+v, %v; want what is stored", again, err)
	}
	if got := refresh(t, c).Version; got != version {
		t.Errorf("version %d after nothing has changed, was %d", got, version)
	}
	for _, test := range []struct{ name, address, identity string }{
		{"a", "host:1", "z"},
		{"c", "host:3", "y"},
	} {
		_, err := add(test.name, test.address, test.identity)
		var conflict *catalog.ShardConflictError
		if !errors.As(err, &conflict) || !errors.Is(err, catalog.ErrNameTaken) {
			t.Errorf("add %v: %v, want a conflict", test, err)
		}
	}
	if got := len(c.Snapshot().Shards()); got != 2 {
		t.Errorf("%d shards", got)
	}
}

func TestManyAddShards(t *testing.T) {
	_, _, all := newCatalogs(t, 4, 0)
	var wg sync.WaitGroup
	for _, c := range all {
		for i := range 5 {
			wg.Go(func() {
				_, err := c.AddShard(t.Context(), catalog.Shard{
					Name: fmt.Sprintf("s%d", i), Address: "host", Identity: fmt.Sprintf("x%d", i),
				})
				if err != nil {
					t.Errorf("add: %v", err)
				}
			})
		}
	}
	wg.Wait()
	s := refresh(t, all[0])
	if len(s.Shards()) != 5 {
		t.Errorf("%d shards, want 5", len(s.Shards()))
	}
	for i, shard := range s.Shards() {
		if shard.Number != i {
			t.Errorf("shard %s has the number %d, want %d", shard.Name, shard.Number, i)
		}
	}
}

func TestInvalidShards(t *testing.T) {
	c := newDatabase(t).open(t, store.Config{})
	addShards(t, c, 1)
	good := catalog.Shard{Name: "a", Address: "host", Identity: "x"}
	for field, spoil := range map[string]func(*catalog.Shard){
		"name":     func(s *catalog.Shard) { s.Name = "" },
		"address":  func(s *catalog.Shard) { s.Address = "" },
		"identity": func(s *catalog.Shard) { s.Identity = "" },
		"state":    func(s *catalog.Shard) { s.State = "draining" },
		"weight":   func(s *catalog.Shard) { s.Weight = -1 },
	} {
		s := good
		spoil(&s)
		_, err := c.AddShard(t.Context(), s)
		var invalid *catalog.InvalidShardError
		if !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: %v, want an InvalidShardError", field, err)
		}
	}
	var invalid *catalog.InvalidShardError
	if err := c.SetShardState(t.Context(), "s0", "draining"); !errors.As(err, &invalid) || invalid.Value != "draining" {
		t.Errorf("state: %v", err)
	}
	if err := c.SetShard(t.Context(), "s0", "", math.NaN()); !errors.As(err, &invalid) {
		t.Errorf("weight: %v", err)
	}
	if err := c.SetShard(t.Context(), "s9", "host", 1); !errors.Is(err, catalog.ErrUnknownShard) {
		t.Errorf("unknown shard: %v", err)
	}
}

func TestSetShard(t *testing.T) {
	c := newDatabase(t).open(t, store.Config{})
	addShards(t, c, 1)
	if err := c.SetShard(t.Context(), "s0", "moved:3306", 0); err != nil {
		t.Fatal(err)
	}
	if err := c.SetShard(t.Context(), "s0", "", 2.5); err != nil {
		t.Fatal(err)
	}
	if err := c.SetShardState(t.Context(), "s0", catalog.ReadOnly); err != nil {
		t.Fatal(err)
	}
	s, _ := c.Snapshot().Shard("s0")
	if s.Address != "moved:3306" || s.Weight != 2.5 || s.State != catalog.ReadOnly {
		t.Errorf("shard %+v", s)
	}
}

func TestPlacing(t *testing.T) {
	const mib = 1 << 20
	for _, test := range []struct {
		name   string
		bytes  []int64
		weight []float64
		want   string // the shards of families placed one after the other
	}{
		{"ties by number", []int64{0, 0, 0}, []float64{1, 1, 1}, "012012"},
		{"least data first", []int64{40 * mib, 0, 100 * mib}, []float64{1, 1, 1}, "111010"},
		{"by weight", []int64{0, 0, 0}, []float64{1, 2, 1}, "012101"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newDatabase(t).open(t, store.Config{DDL: newFakeShards(t)})
			addShards(t, c, len(test.bytes))
			for i := range test.bytes {
				name := fmt.Sprintf("s%d", i)
				err := errors.Join(c.SetShard(t.Context(), name, "", test.weight[i]),
					c.RecordSizes(t.Context(), name, everything, []catalog.TableSize{{Name: "ballast", Bytes: test.bytes[i]}}))
				if err != nil {
					t.Fatal(err)
				}
			}
			got := ""
			for i := range len(test.want) {
				got += ensure(t, c, fmt.Sprintf("f%d", i)).Table.Placements[0].Shard[1:]
			}
			if got != test.want {
				t.Errorf("placed on %s, want %s", got, test.want)
			}
		})
	}
}

func TestReadOnlyShardsTakeNoFamilies(t *testing.T) {
	_, _, c := newCatalog(t, 2)
	ensure(t, c, "old")
	if err := c.SetShardState(t.Context(), "s0", catalog.ReadOnly); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if table := ensure(t, c, fmt.Sprintf("f%d", i)).Table; !table.On("s1") {
			t.Errorf("placed on %v", table.Placements)
		}
	}
	// What it has may still grow.
	if table := ensure(t, c, "old", text("a")...).Table; !table.On("s0") {
		t.Errorf("old family on %v", table.Placements)
	}
	if err := c.SetShardState(t.Context(), "s1", catalog.ReadOnly); err != nil {
		t.Fatal(err)
	}
	if _, err := c.EnsureFamily(t.Context(), "new", nil); !errors.Is(err, catalog.ErrNoActiveShard) {
		t.Errorf("error %v", err)
	}
}
