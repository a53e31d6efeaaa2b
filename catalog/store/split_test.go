package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

// A family whose placements are full gets one more at a time, while there is a
// shard for it.
func TestSplitFull(t *testing.T) {
	d := newDatabase(t)
	c := d.open(t, store.Config{DDL: newFakeShards(t), SplitBytes: 1000, Grace: time.Nanosecond})
	addShards(t, c, 3)
	ensure(t, c, "dogs") // on s0
	ensure(t, c, "cats") // on s1
	open := c.Opener()
	for _, step := range []struct {
		name     string
		sizes    map[string]int64 // of the table on the shards
		on       []string
		writable []string
	}{
		{"small", map[string]int64{"s0": 999}, []string{"s0"}, []string{"s0"}},
		{"full", map[string]int64{"s0": 1001}, []string{"s0", "s2"}, []string{"s2"}},
		{"second small", map[string]int64{"s0": 1001, "s2": 16}, []string{"s0", "s2"}, []string{"s2"}},
		{"first emptied", map[string]int64{"s0": 16, "s2": 16}, []string{"s0", "s2"}, []string{"s2"}},
		{"both full", map[string]int64{"s0": 2000, "s2": 1000}, []string{"s0", "s2", "s1"}, []string{"s1"}},
		{"all full", map[string]int64{"s0": 2000, "s2": 1000, "s1": 5000}, []string{"s0", "s2", "s1"}, []string{"s0", "s2", "s1"}},
	} {
		for shard, bytes := range step.sizes {
			if err := c.RecordSizes(t.Context(), shard, everything, []catalog.TableSize{{Name: "dogs", Bytes: bytes}}); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			c.SplitFull(t.Context())
			open(t.Context())
			refresh(t, c)
		}
		table := mustTable(t, c.Snapshot(), "dogs")
		if got := shardsOf(table); !slices.Equal(got, step.on) {
			t.Errorf("%s: on %v, want %v", step.name, got, step.on)
		}
		var writable []string
		for _, p := range c.Snapshot().Writable(table) {
			writable = append(writable, p.Shard)
		}
		if !slices.Equal(writable, step.writable) {
			t.Errorf("%s: takes rows on %v, want %v", step.name, writable, step.writable)
		}
	}
	if got := shardsOf(mustTable(t, c.Snapshot(), "cats")); len(got) != 1 {
		t.Errorf("another family is on %v", got)
	}
}

func TestSplitFullNever(t *testing.T) {
	_, _, c := newCatalog(t, 2)
	ensure(t, c, "dogs")
	if err := c.RecordSizes(t.Context(), "s0", everything, []catalog.TableSize{{Name: "dogs", Bytes: 1 << 50}}); err != nil {
		t.Fatal(err)
	}
	c.SplitFull(t.Context())
	if got := shardsOf(mustTable(t, refresh(t, c), "dogs")); len(got) != 1 {
		t.Errorf("split over %v", got)
	}
}
