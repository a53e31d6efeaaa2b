package ingest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/shard"
)

// plainRows reports whether wide families have plain columns there.
func (f *fixture) plainRows(t testing.TB) bool {
	t.Helper()
	return tables.NewFamilies(f.shards, nil).PlainRows(t.Context(), "s0")
}

// beside returns what another process has over the same catalog and shards.
func (f *fixture) beside(t *testing.T) *fixture {
	t.Helper()
	ctx := t.Context()
	other := &fixture{addresses: f.addresses, database: f.database}
	cfg := shard.Config{Username: "root", Database: f.database, Tables: tables.RawLogs{}}
	var err error
	if other.shards, err = shard.NewSet(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.shards.Close() })
	db, err := shard.OpenDatabase(ctx, cfg, f.addresses[0], f.database+"_catalog")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	families := tables.NewFamilies(other.shards, nil)
	if other.catalog, err = store.Open(ctx, db, store.Config{DDL: families, OnChange: other.shards.Sync}); err != nil {
		t.Fatal(err)
	}
	if other.Ingester, err = New(Config{Catalog: other.catalog, Shards: other.shards, Tables: families, RawLogs: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Ingester.Close() })
	return other
}

// TestDropUnderWrites has two processes write to a family that a third drops
// again and again, so that connections hold statements for tables that are
// gone. No writer meets an error that is ours, and each can write in the end.
func TestDropUnderWrites(t *testing.T) {
	fx := newFixture(t, 1)
	writers := []*fixture{fx, fx.beside(t)}
	dropper := fx.beside(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	for n, w := range writers {
		for i := range 4 {
			wg.Go(func() {
				for round := 0; ctx.Err() == nil; round++ {
					_, err := w.Put(t.Context(), []byte(event(fmt.Sprintf("%d-%d-%d", n, i, round))))
					if code := fault.Of(err).Code; err != nil && (code == "" || code == fault.Internal) {
						t.Errorf("writer %d of process %d: %v", i, n, err)
						return
					}
				}
			})
		}
	}
	for range 5 {
		time.Sleep(300 * time.Millisecond)
		if err := dropper.catalog.DropFamily(t.Context(), "q"); err != nil && fault.Of(err).Code != fault.UnknownFamily {
			t.Errorf("drop: %v", err)
		}
	}
	stop()
	wg.Wait()
	for n, w := range writers {
		for i := range 20 {
			w.put(t, event(fmt.Sprintf("last %d-%d", n, i)))
		}
	}
	if got := len(fx.texts(t, "q", "SELECT DISTINCT v FROM q WHERE v LIKE 'last%'")); got != 40 {
		t.Errorf("%d of the last rows are there, want 40", got)
	}
}

// TestCreateAtOnce has three processes store the first events of the same
// families at the same time.
func TestCreateAtOnce(t *testing.T) {
	fx := newFixture(t, 1)
	processes := []*fixture{fx, fx.beside(t), fx.beside(t)}
	const families = 8
	for i := range families {
		var wg sync.WaitGroup
		for n, p := range processes {
			wg.Go(func() {
				body := strings.Replace(event(fmt.Sprint(n)), `"q"`, fmt.Sprintf(`"new%d"`, i), 1)
				if _, err := p.Put(t.Context(), []byte(body)); err != nil {
					t.Errorf("family %d, process %d: %v", i, n, err)
				}
			})
		}
		wg.Wait()
		name := fmt.Sprintf("new%d", i)
		if got := fx.count(t, name, name); got != len(processes) {
			t.Errorf("%d rows of family %d, want %d", got, i, len(processes))
		}
	}
}
