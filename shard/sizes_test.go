package shard

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

var _ Sizer = (*store.Store)(nil)

// sizer is a catalog that remembers what is recorded.
type sizer struct {
	snapshot *catalog.Snapshot
	claimed  bool // by somebody else

	mu    sync.Mutex
	sizes map[string][]catalog.TableSize // by shard
	split []int                          // how many shards were recorded before each SplitFull
}

func (s *sizer) Snapshot() *catalog.Snapshot { return s.snapshot }

func (s *sizer) ClaimSizing(context.Context, time.Duration) (bool, error) { return !s.claimed, nil }

func (s *sizer) RecordSizes(_ context.Context, shard string, _ int, sizes []catalog.TableSize) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes[shard] = sizes
	return nil
}

func (s *sizer) SplitFull(context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.split = append(s.split, len(s.sizes))
}

// of returns the names of what was recorded of a shard, in order.
func (s *sizer) of(shard string) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, size := range s.sizes[shard] {
		names = append(names, size.Database+"."+size.Name)
	}
	slices.Sort(names)
	return names
}

// Measuring begins at once, and covers all shards, with registered tables of
// other databases.
func TestMeasure(t *testing.T) {
	f := newFixture(t, 2)
	other := localtest.Database(t, f.addresses[1])
	exec(t, f.shard(t, "s1"), "CREATE TABLE "+other+".Orders (a INT)", "CREATE TABLE "+other+".unregistered (a INT)",
		"CREATE TABLE dogs (a INT)")
	cat := &sizer{sizes: map[string][]catalog.TableSize{}}
	cat.snapshot = catalog.NewSnapshot(1, nil, []*catalog.Table{
		{Name: "Orders", Kind: catalog.Registered, Database: other, Placements: []catalog.Placement{{Shard: "s1"}}},
		{Name: "gone", Kind: catalog.Registered, Database: other, Placements: []catalog.Placement{{Shard: "s1"}}},
		{Name: "dogs", Kind: catalog.Registered, Placements: []catalog.Placement{{Shard: "s1"}}},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var measuring sync.WaitGroup
	measuring.Go(func() { f.Measure(ctx, cat, time.Hour) })
	eventually(t, "measured", func() bool { return cat.of("s1") != nil })
	cancel()
	measuring.Wait()
	if !slices.Equal(cat.split, []int{2}) {
		t.Errorf("splits after so many shards: %v, want once after 2", cat.split)
	}
	if got, want := cat.of("s0"), []string{".raw_logs"}; !slices.Equal(got, want) {
		t.Errorf("s0: %v, want %v", got, want)
	}
	if got, want := cat.of("s1"), []string{".dogs", ".raw_logs", other + ".Orders"}; !slices.Equal(got, want) {
		t.Errorf("s1: %v, want %v", got, want)
	}

	idle := &sizer{claimed: true, sizes: map[string][]catalog.TableSize{}}
	ended, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	f.Measure(ended, idle, time.Millisecond)
	if len(idle.sizes)+len(idle.split) != 0 {
		t.Errorf("measured what another process measures: %v", idle.sizes)
	}
}

// A table's size is roughly right soon after much was loaded.
func TestSizeAfterLoad(t *testing.T) {
	f := newFixture(t, 1)
	if f.vendor(t) == server.TiDB {
		t.Skip("TiDB collects its numbers in its own time")
	}
	sh := f.shard(t, "s0")
	if _, err := sh.Size(t.Context(), "", "dogs"); !errors.Is(err, ErrNoTable) {
		t.Errorf("before the table is there: %v", err)
	}
	exec(t, sh, "CREATE TABLE dogs (a BIGINT PRIMARY KEY, b VARCHAR(100))",
		"INSERT INTO dogs SELECT n, REPEAT('x', 50) FROM "+numbers(6))
	start := time.Now()
	for {
		size, err := sh.Size(t.Context(), "", "dogs")
		if err != nil {
			t.Fatal(err)
		}
		if size.Rows > 500_000 && size.Rows < 2_000_000 && size.Bytes > 50_000_000 && size.Bytes < 400_000_000 {
			t.Logf("%+v after %v", size, time.Since(start))
			return
		}
		if time.Since(start) > time.Minute { // the default interval of measuring
			t.Fatalf("still %+v", size)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
