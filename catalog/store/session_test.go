package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

// session returns all statements that a process of this program sends once it
// has opened a catalog: it does whatever it may do in its life.
func session(t *testing.T, d *database) string {
	t.Helper()
	tr, db := newTranscript(t, d)
	shards, crash := newFakeShards(t), ""
	cfg := store.Config{DDL: shards, Grace: time.Nanosecond, Process: "p1"}.WithFailpoint(func(point string) error {
		if point == crash {
			crash = ""
			return errCrash
		}
		return nil
	})
	c, err := store.Open(t.Context(), db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	tr.statements = nil
	addShards(t, c, 3)
	sweep, open := c.Sweeper(), c.Opener()
	tend := func() {
		for range 2 {
			sweep(t.Context())
			open(t.Context())
			refresh(t, c)
		}
	}
	for _, step := range []struct {
		name    string
		crash   string // at this point
		refuses error  // of the shards, or nil
		do      func() error
	}{
		{name: "shard", do: func() error { return c.SetShard(t.Context(), "s1", "moved:3306", 2.5) }},
		{name: "state", do: func() error { return c.SetShardState(t.Context(), "s1", catalog.ReadOnly) }},
		{name: "create", do: func() error { return errorOf(c.EnsureFamily(t.Context(), "Dogs", everyType)) }},
		{name: "taken", refuses: catalog.ErrNameTaken, do: func() error { return errorOf(c.EnsureFamily(t.Context(), "cats", text("name"))) }},
		{name: "add", do: func() error { return errorOf(c.EnsureFamily(t.Context(), "dogs", text("more", "most"))) }},
		{name: "index", do: func() error {
			return errorOf(c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"text", "id"}}))
		}},
		{name: "shadow", do: func() error {
			return errorOf(c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"text"}}))
		}},
		{name: "bucket", do: func() error {
			return errorOf(c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"time"}, Bucket: catalog.Day}))
		}},
		{name: "refused", refuses: catalog.ErrIndexRefused, do: func() error {
			return errorOf(c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"more"}}))
		}},
		{name: "spread", do: func() error { return errorOf(c.Spread(t.Context(), "dogs", 2)) }},
		{name: "active", do: func() error { return c.SetShardState(t.Context(), "s1", catalog.Active) }},
		{name: "withdrawn", refuses: catalog.ErrNameTaken, do: func() error { return errorOf(c.Spread(t.Context(), "dogs", 3)) }},
		{name: "add to all", do: func() error { return errorOf(c.EnsureFamily(t.Context(), "dogs", text("late"))) }},
		{name: "unshadow", do: func() error { return errorOf(c.Unshadow(t.Context(), "dogs", []string{"text"})) }},
		{name: "unindex", do: func() error { return c.DropIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"text", "id"}}) }},
		{name: "left create", crash: "proposed", do: func() error { return errorOf(c.EnsureFamily(t.Context(), "cats", text("name"))) }},
		{name: "left add", crash: "after DDL", do: func() error { return errorOf(c.EnsureFamily(t.Context(), "cats", text("more"))) }},
		{name: "left index", crash: "proposed", do: func() error {
			return errorOf(c.AddIndex(t.Context(), "cats", catalog.Index{Columns: []string{"name"}}))
		}},
		{name: "left spread", crash: "before DDL", do: func() error { return errorOf(c.Spread(t.Context(), "cats", 3)) }},
		{name: "left drop", crash: "proposed", do: func() error { return c.DropFamily(t.Context(), "cats") }},
		{name: "register", do: func() error { return c.RegisterTable(t.Context(), registered("owners", "s1", "crm")) }},
		{name: "register again", do: func() error { return c.RegisterTable(t.Context(), registered("owners", "s1", "crm")) }},
		{name: "unregister", do: func() error { return c.UnregisterTable(t.Context(), "owners") }},
		{name: "claim", do: func() error { return errorOf(c.ClaimSizing(t.Context(), time.Hour)) }},
		{name: "measure", do: func() error {
			return c.RecordSizes(t.Context(), "s0", 1, []catalog.TableSize{{Name: "Dogs", Rows: 5000, Bytes: 1 << 21}})
		}},
		{name: "drop", do: func() error { return c.DropFamily(t.Context(), "dogs") }},
		{name: "anew", do: func() error { return errorOf(c.EnsureFamily(t.Context(), "dogs", text("name"))) }},
		{name: "beat", do: func() error { return errorOf(c.Beat(t.Context())) }},
		{name: "beat again", do: func() error { return errorOf(c.Beat(t.Context())) }},
		{name: "leave", do: func() error { return c.Leave(t.Context()) }},
		{name: "ping", do: func() error { return c.Ping(t.Context()) }},
	} {
		want := step.refuses
		if crash = step.crash; crash != "" {
			want = errCrash
		}
		shards.before = func(string, string, string) error { return step.refuses }
		if err := step.do(); !errors.Is(err, want) {
			t.Fatalf("%s: %v", step.name, err)
		}
		shards.before = nil
		tend()
	}
	return strings.Join(tr.statements, ";\n") + ";\n"
}

// What this program sends is what stands for all programs of its version of
// the schema.
func TestSession(t *testing.T) {
	d := newDatabase(t)
	if got := session(t, d); onMariaDB(t, d) {
		golden(t, fixture(store.SchemaVersion, ".session.sql"), got)
	}
}
