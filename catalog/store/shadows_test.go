package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

// shadowsOf returns the names of a table's shadows, with a mark where they can't
// be used.
func shadowsOf(t *catalog.Table) (all []string) {
	for _, s := range t.Shadows {
		name := s.Name() + " of " + s.Column
		if !s.Usable {
			name += ", not usable"
		}
		all = append(all, name)
	}
	return all
}

func addBucket(t *testing.T, c *store.Store, name, column string, bucket catalog.Bucket) *catalog.Table {
	t.Helper()
	table, err := c.AddIndex(t.Context(), name, catalog.Index{Columns: []string{column}, Bucket: bucket})
	if err != nil {
		t.Fatalf("buckets of %s: %v", name, err)
	}
	return table
}

var timed = append(text("host", "path"), catalog.Field{Name: "At", Type: catalog.Timestamp}, catalog.Field{Name: "n", Type: catalog.Int})

// An index of one text has a shadow, and others have none; a bucket is one.
func TestShadows(t *testing.T) {
	d, shards, c := newCatalog(t, 3)
	ensure(t, c, "ev", timed...)
	addIndex(t, c, "ev", "HOST")
	addIndex(t, c, "ev", "path", "host")
	addIndex(t, c, "ev", "n")
	spread(t, c, "ev", 2)
	addIndex(t, c, "ev", "path")
	addBucket(t, c, "ev", "at", catalog.Hour)
	addBucket(t, c, "ev", "at", catalog.Hour)
	addBucket(t, c, "ev", "at", catalog.Day)
	spread(t, c, "ev", 3)
	want := []string{"#1t of host", "#2t of path", "#3d of At", "#3h of At"}
	for _, s := range []*catalog.Snapshot{c.Snapshot(), d.open(t, store.Config{}).Snapshot()} {
		if got := shadowsOf(mustTable(t, s, "ev")); !slices.Equal(got, want) {
			t.Errorf("shadows %q, want %q", got, want)
		}
		shards.check(t, s, "ev", "host", "path", "At", "n")
	}
	if _, err := c.Unshadow(t.Context(), "ev", []string{"path", "At", "n"}); err != nil {
		t.Error(err)
	}
	if err := c.DropIndex(t.Context(), "ev", catalog.Index{Columns: []string{"AT"}, Bucket: catalog.Hour}); err != nil {
		t.Error(err)
	}
	if err := c.DropIndex(t.Context(), "ev", catalog.Index{Columns: []string{"host"}}); err != nil {
		t.Error(err)
	}
	if got := shadowsOf(mustTable(t, c.Snapshot(), "ev")); !slices.Equal(got, want[2:3]) {
		t.Errorf("shadows left: %q", got)
	}
	addIndex(t, c, "ev", "path") // makes the shadow anew
	if got := shadowsOf(mustTable(t, c.Snapshot(), "ev")); !slices.Equal(got, want[1:3]) {
		t.Errorf("shadows %q", got)
	}
	shards.check(t, c.Snapshot(), "ev", "host", "path", "At", "n")
}

func TestBucketRefusals(t *testing.T) {
	_, _, c := newCatalog(t, 1)
	ensure(t, c, "ev", timed...)
	for _, ix := range []catalog.Index{
		{Columns: []string{"host"}, Bucket: catalog.Hour}, {Columns: []string{"n"}, Bucket: catalog.Hour},
		{Columns: []string{"At", "host"}, Bucket: catalog.Hour}, {Bucket: catalog.Hour},
	} {
		var refused *catalog.IndexError
		if _, err := c.AddIndex(t.Context(), "ev", ix); !errors.As(err, &refused) {
			t.Errorf("%v: %v", ix, err)
		}
		if err := c.DropIndex(t.Context(), "ev", ix); !errors.Is(err, catalog.ErrUnknownIndex) {
			t.Errorf("drop of %v: %v", ix, err)
		}
	}
	if _, err := c.AddIndex(t.Context(), "ev", catalog.Index{Columns: []string{"color"}, Bucket: catalog.Hour}); !errors.Is(err, catalog.ErrUnknownColumn) {
		t.Errorf("unknown column: %v", err)
	}
}

// A text that doesn't fit has its index without a shadow; buckets that a server
// refuses are an error. Neither leaves anything behind, on no shard.
func TestShadowRefusedByServer(t *testing.T) {
	d, shards, c := newCatalog(t, 2)
	ensure(t, c, "ev", timed...)
	spread(t, c, "ev", 2)
	shards.before = func(op, shard, _ string) error {
		if op == "shadow" && shard == "s1" {
			return fmt.Errorf("shard s1: %w", catalog.ErrIndexRefused)
		}
		return nil
	}
	addIndex(t, c, "ev", "host")
	if got := shadowsOf(mustTable(t, c.Snapshot(), "ev")); len(got) > 0 {
		t.Errorf("shadows %q", got)
	}
	if _, err := c.AddIndex(t.Context(), "ev", catalog.Index{Columns: []string{"At"}, Bucket: catalog.Day}); !errors.Is(err, catalog.ErrIndexRefused) {
		t.Errorf("got %v", err)
	}
	sweep := c.Sweeper()
	for range 3 {
		refresh(t, c)
		sweep(t.Context())
	}
	shards.check(t, refresh(t, c), "ev", "host", "path", "At", "n")
	if left := c.Unfinished(); len(left) > 0 || d.count(t, "shadows") > 0 {
		t.Errorf("left: %v", left)
	}
}

// Fields that leave no room for shadows come first, and later ones find none.
func TestFieldsBeforeShadows(t *testing.T) {
	_, shards, c := newCatalog(t, 1)
	ensure(t, c, "ev", timed...)
	addIndex(t, c, "ev", "host")
	addBucket(t, c, "ev", "At", catalog.Minute)
	var at []string
	shards.before = func(op, _, _ string) error {
		at = append(at, op)
		return nil
	}
	ensure(t, c, "ev", text(names("more", catalog.MaxFields-len(timed))...)...)
	if want := []string{"unshadow", "unshadow", "add"}; !slices.Equal(at, want) {
		t.Errorf("the shards did %v, want %v", at, want)
	}
	if got := shadowsOf(mustTable(t, c.Snapshot(), "ev")); len(got) > 0 {
		t.Errorf("shadows %q", got)
	}
	addIndex(t, c, "ev", "path")
	var refused *catalog.IndexError
	if _, err := c.AddIndex(t.Context(), "ev", catalog.Index{Columns: []string{"At"}, Bucket: catalog.Minute}); !errors.As(err, &refused) {
		t.Errorf("buckets without room: %v", err)
	}
	if got := shadowsOf(mustTable(t, c.Snapshot(), "ev")); len(got) > 0 {
		t.Errorf("shadows %q", got)
	}
}
