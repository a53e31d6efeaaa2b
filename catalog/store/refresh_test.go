package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

func TestRefreshSeesOthersChanges(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	var seen []uint64
	a := d.open(t, store.Config{DDL: shards})
	b := d.open(t, store.Config{OnChange: func(s *catalog.Snapshot) { seen = append(seen, s.Version) }})
	addShards(t, a, 1)
	for _, step := range []struct {
		name   string
		change func() error
		tables []string
	}{
		{"create", func() error { _, err := a.EnsureFamily(t.Context(), "dogs", text("name")); return err }, []string{"dogs"}},
		{"create another", func() error { _, err := a.EnsureFamily(t.Context(), "Cats", text("name")); return err }, []string{"Cats", "dogs"}},
		{"register", func() error {
			return a.RegisterTable(t.Context(), &catalog.Table{Name: "owners", Placements: []catalog.Placement{{Shard: "s0"}}})
		}, []string{"Cats", "dogs", "owners"}},
		{"drop", func() error { return a.DropFamily(t.Context(), "dogs") }, []string{"Cats", "owners"}},
		{"unregister", func() error { return a.UnregisterTable(t.Context(), "OWNERS") }, []string{"Cats"}},
		{"create again", func() error { _, err := a.EnsureFamily(t.Context(), "dogs", nil); return err }, []string{"Cats", "dogs"}},
	} {
		if err := step.change(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := tableNames(refresh(t, b)); !slices.Equal(got, step.tables) {
			t.Errorf("after %s: tables %v, want %v", step.name, got, step.tables)
		}
	}
	if !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != len(seen) || len(seen) != 7 {
		t.Errorf("OnChange saw the versions %v", seen)
	}
}

// What hasn't changed is kept, not loaded again.
func TestRefreshIsIncremental(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	a, b := d.open(t, store.Config{DDL: shards}), d.open(t, store.Config{})
	addShards(t, a, 1)
	ensure(t, a, "dogs", text("name")...)
	ensure(t, a, "cats", text("name")...)
	first := refresh(t, b)
	ensure(t, a, "cats", text("age")...)
	second := refresh(t, b)
	same := func(name string) bool {
		before, _ := first.Table(name)
		after, _ := second.Table(name)
		return before == after
	}
	if !same("dogs") || same("cats") {
		t.Errorf("dogs kept: %v, cats kept: %v; want only dogs", same("dogs"), same("cats"))
	}
	if again := refresh(t, b); again != second {
		t.Error("a new snapshot of the same version")
	}
}

// After a restore from a backup the version is lower than what is known.
func TestRefreshAfterRestore(t *testing.T) {
	d, _, c := newCatalog(t, 1)
	ensure(t, c, "dogs", text("name")...)
	d.exec(t, "UPDATE families SET name = 'Dogs', version = 2")
	d.exec(t, "UPDATE meta SET version = 2")
	if got := tableNames(refresh(t, c)); !slices.Equal(got, []string{"Dogs"}) {
		t.Errorf("tables %v, want what the backup had", got)
	}
}

func TestRefreshRefusesOtherCatalog(t *testing.T) {
	d := newDatabase(t)
	c := d.open(t, store.Config{})
	d.exec(t, "UPDATE meta SET identity = 'another', version = version + 1")
	if _, err := c.Refresh(t.Context()); !errors.Is(err, catalog.ErrOtherCatalog) {
		t.Errorf("refresh: %v", err)
	}
	if err := c.Ping(t.Context()); !errors.Is(err, catalog.ErrOtherCatalog) {
		t.Errorf("ping: %v", err)
	}
}

// Each of many concurrent calls must see what was committed before it, though
// they share reads.
func TestConcurrentRefreshes(t *testing.T) {
	d := newDatabase(t)
	writer, reader := d.open(t, store.Config{}), d.open(t, store.Config{})
	addShards(t, writer, 1)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				if err := writer.SetShard(t.Context(), "s0", "", float64(1+i*10+j)); err != nil {
					t.Error(err)
					return
				}
				version := writer.Snapshot().Version
				s, err := reader.Refresh(t.Context())
				if err != nil || s.Version < version {
					t.Errorf("refresh: version %d, %v; want at least %d", s.Version, err, version)
				}
			}
		})
	}
	wg.Wait()
}

// A caller that gives up must not take the others with it.
func TestRefreshOfCancelledCaller(t *testing.T) {
	d := newDatabase(t)
	c := d.open(t, store.Config{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%2 == 0 {
				if _, err := c.Refresh(cancelled); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled refresh: %v", err)
				}
			} else if _, err := c.Refresh(t.Context()); err != nil {
				t.Errorf("refresh: %v", err)
			}
		})
	}
	wg.Wait()
	if _, err := c.Refresh(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled refresh: %v", err)
	}
}
