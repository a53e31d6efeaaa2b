package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

// indexesOf returns a table's indexes as text.
func indexesOf(t *catalog.Table) (all []string) {
	for _, ix := range t.Indexes {
		all = append(all, strings.Join(ix.Columns, ","))
	}
	return all
}

func TestIndexes(t *testing.T) {
	d, shards, c := newCatalog(t, 2)
	ensure(t, c, "dogs", append(text("Name", "breed"), catalog.Field{Name: "age", Type: catalog.Int})...)
	addIndex(t, c, "dogs", "breed")
	version := c.Snapshot().Version
	addIndex(t, c, "dogs", "BREED")
	if after := refresh(t, c).Version; after != version {
		t.Error("the second time changed something")
	}
	spread(t, c, "dogs", 2)
	addIndex(t, c, "dogs", "name", "age")
	addIndex(t, c, "dogs", "age", "name")
	addIndex(t, c, "dogs", "age", "id")
	for _, s := range []*catalog.Snapshot{c.Snapshot(), d.open(t, store.Config{}).Snapshot()} {
		want := []string{"Name,age", "breed", "age,id", "age,Name"}
		if got := indexesOf(mustTable(t, s, "dogs")); !slices.Equal(got, want) {
			t.Errorf("indexes %v, want %v", got, want)
		}
		shards.check(t, s, "dogs", "Name", "breed", "age")
	}
	if err := c.DropIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"Age", "Name"}}); err != nil {
		t.Error(err)
	}
	for _, columns := range [][]string{{"age", "name"}, {"age"}, {"color"}, nil} {
		if err := c.DropIndex(t.Context(), "dogs", catalog.Index{Columns: columns}); !errors.Is(err, catalog.ErrUnknownIndex) {
			t.Errorf("drop of %v: %v", columns, err)
		}
	}
	shards.check(t, c.Snapshot(), "dogs", "Name", "breed", "age")
	if got := indexesOf(mustTable(t, c.Snapshot(), "dogs")); len(got) != 3 {
		t.Errorf("indexes left: %v", got)
	}
}

func TestIndexRefusals(t *testing.T) {
	_, _, c := newCatalog(t, 1)
	fields := []catalog.Field{{Name: "meta", Type: catalog.JSON}}
	for i := range 200 {
		fields = append(fields, catalog.Field{Name: fmt.Sprintf("t%d", i), Type: catalog.Text})
	}
	ensure(t, c, "wide", fields...)
	many := []string{"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"}
	for name, columns := range map[string][]string{
		"json": {"meta"}, "hidden": {"t0", "t199"}, "twice": {"t0", "t1", "T0"}, "key": {"id"}, "none": {}, "many": many,
	} {
		_, err := c.AddIndex(t.Context(), "wide", catalog.Index{Columns: columns})
		var refused *catalog.IndexError
		if !errors.As(err, &refused) || refused.Family != "wide" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.AddIndex(t.Context(), "wide", catalog.Index{Columns: []string{"color"}}); !errors.Is(err, catalog.ErrUnknownColumn) {
		t.Errorf("unknown column: %v", err)
	}
	if _, err := c.AddIndex(t.Context(), "cats", catalog.Index{Columns: []string{"color"}}); !errors.Is(err, catalog.ErrUnknownFamily) {
		t.Errorf("unknown family: %v", err)
	}
	addIndex(t, c, "wide", many[:catalog.MaxIndexColumns]...)
	for i := range catalog.MaxIndexes - 1 {
		addIndex(t, c, "wide", fmt.Sprintf("t%d", i))
	}
	var refused *catalog.IndexError
	if _, err := c.AddIndex(t.Context(), "wide", catalog.Index{Columns: []string{"t100"}}); !errors.As(err, &refused) {
		t.Errorf("one too many: %v", err)
	}
}

// An index that a server refuses leaves nothing behind, on no shard.
func TestIndexRefusedByServer(t *testing.T) {
	d, shards, c := newCatalog(t, 2)
	ensure(t, c, "dogs", text("name")...)
	spread(t, c, "dogs", 2)
	shards.before = func(op, shard, _ string) error {
		if op == "index" && shard == "s1" {
			return fmt.Errorf("shard s1: %w", catalog.ErrIndexRefused)
		}
		return nil
	}
	if _, err := c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"name"}}); !errors.Is(err, catalog.ErrIndexRefused) {
		t.Errorf("got %v", err)
	}
	sweep := c.Sweeper()
	for range 5 {
		refresh(t, c)
		sweep(t.Context())
	}
	shards.check(t, refresh(t, c), "dogs", "name")
	if left := c.Unfinished(); len(left) > 0 || d.count(t, "indexes") > 0 || d.count(t, "shadows") > 0 {
		t.Errorf("left: %v", left)
	}
}

// Of those who add and drop one index at once, the catalog and the shards
// agree on who was last.
func TestManyAddAndDropIndex(t *testing.T) {
	_, shards, all := newCatalogs(t, 3, 2)
	ensure(t, all[0], "dogs", text("name")...)
	spread(t, all[0], "dogs", 2)
	var wg sync.WaitGroup
	for _, c := range all {
		for range 3 {
			wg.Go(func() {
				if _, err := c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"name"}}); err != nil {
					t.Errorf("add: %v", err)
				}
			})
			wg.Go(func() {
				err := c.DropIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"name"}})
				if err != nil && !errors.Is(err, catalog.ErrUnknownIndex) {
					t.Errorf("drop: %v", err)
				}
			})
		}
	}
	wg.Wait()
	for _, c := range all {
		shards.check(t, refresh(t, c), "dogs", "name")
		if left := c.Unfinished(); len(left) > 0 {
			t.Errorf("unfinished: %v", left)
		}
	}
}
