package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
)

func TestManyCreateOneFamily(t *testing.T) {
	_, shards, all := newCatalogs(t, 4, 3)

	const callers = 32
	var mu sync.Mutex
	var created int
	var added []string
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			// Neighbours share a field.
			fields := text("common", fmt.Sprintf("f%d", i), fmt.Sprintf("f%d", (i+1)%callers))
			change, err := all[i%len(all)].EnsureFamily(t.Context(), "dogs", fields)
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
				return
			}
			for _, f := range fields {
				if _, ok := change.Table.Column(f.Name); !ok {
					t.Errorf("caller %d misses its field %s", i, f.Name)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			added = append(added, change.Added...)
			if change.Created {
				created++
			}
		})
	}
	wg.Wait()
	want := []string{"common"}
	for i := range callers {
		want = append(want, fmt.Sprintf("f%d", i))
	}
	if created != 1 {
		t.Errorf("%d callers created the family", created)
	}
	if !sameElements(added, want) {
		t.Errorf("callers added %v, want each field once", added)
	}
	for _, c := range all {
		shards.check(t, refresh(t, c), "dogs", want...)
	}
}

func TestManyCreateManyFamilies(t *testing.T) {
	_, shards, all := newCatalogs(t, 4, 3)

	const families = 30
	var wg sync.WaitGroup
	for i := range families {
		for j, c := range all {
			wg.Go(func() {
				_, err := c.EnsureFamily(t.Context(), fmt.Sprintf("family%d", i), text("a", fmt.Sprintf("b%d", j)))
				if err != nil {
					t.Errorf("family %d, process %d: %v", i, j, err)
				}
			})
		}
	}
	wg.Wait()
	s := refresh(t, all[0])
	for i := range families {
		shards.check(t, s, fmt.Sprintf("family%d", i), "a", "b0", "b1", "b2", "b3")
	}
	for _, shard := range s.Shards() {
		if shard.Placed != families/3 {
			t.Errorf("shard %s got %d families, want an even spread", shard.Name, shard.Placed)
		}
	}
}

func TestManyCreateAndDrop(t *testing.T) {
	_, shards, all := newCatalogs(t, 3, 2)
	var wg sync.WaitGroup
	for _, c := range all {
		for i := range 3 {
			wg.Go(func() {
				for j := range 5 {
					fields := text(fmt.Sprintf("f%d_%d", i, j))
					if _, err := c.EnsureFamily(t.Context(), "dogs", fields); err != nil {
						t.Errorf("ensure: %v", err)
					}
				}
			})
		}
		wg.Go(func() {
			for range 4 {
				if err := c.DropFamily(t.Context(), "dogs"); err != nil && !errors.Is(err, catalog.ErrUnknownFamily) {
					t.Errorf("drop: %v", err)
				}
			}
		})
	}
	wg.Wait()
	last := ensure(t, all[0], "dogs", text("last")...)
	shards.check(t, all[0].Snapshot(), "dogs", columnNames(last.Table)[1:]...)
	for _, c := range all {
		refresh(t, c)
		if left := c.Unfinished(); len(left) != 0 {
			t.Errorf("unfinished: %v", left)
		}
	}
}

// Of a family and a registered table that take one name at once, one must
// lose.
func TestFamilyAndTableOfOneName(t *testing.T) {
	_, _, all := newCatalogs(t, 2, 1)
	for i := range 20 {
		name := fmt.Sprintf("name%d", i)
		var family, table error
		var wg sync.WaitGroup
		wg.Go(func() { _, family = all[0].EnsureFamily(t.Context(), name, nil) })
		wg.Go(func() {
			table = all[1].RegisterTable(t.Context(), &catalog.Table{Name: name, Placements: []catalog.Placement{{Shard: "s0"}}})
		})
		wg.Wait()
		if (family == nil) == (table == nil) {
			t.Fatalf("family: %v, table: %v; want one to be refused", family, table)
		}
		if err := errors.Join(family, table); !errors.Is(err, catalog.ErrNameTaken) {
			t.Fatal(err)
		}
	}
}

func TestManyOpen(t *testing.T) {
	d := newDatabase(t)
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			db := localtest.Open(t, d.addr, d.name)
			c, err := store.Open(t.Context(), db, store.Config{})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = c.ID()
		})
	}
	wg.Wait()
	if ids = slices.Compact(ids); len(ids) != 1 || ids[0] == "" {
		t.Errorf("identities %q, want one", ids)
	}
}
