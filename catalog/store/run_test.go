package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
)

// run runs the catalog's Run until the test ends, and waits for it.
func run(t *testing.T, c *store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { c.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
}

func TestRunPollsAndFinishes(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	watching := d.open(t, store.Config{DDL: shards, PollInterval: 10 * time.Millisecond})
	run(t, watching)
	dying := d.open(t, store.Config{DDL: shards}.WithFailpoint(crashAt("before DDL")))
	addShards(t, dying, 1)
	if _, err := dying.EnsureFamily(t.Context(), "dogs", text("name")); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	localtest.Eventually(t, time.Minute, "the family", func() bool { _, ok := watching.Snapshot().Table("dogs"); return ok })
	shards.check(t, watching.Snapshot(), "dogs", "name")
}

// A sweep leaves alone what someone is at work on, and rests ever longer
// between attempts that fail.
func TestSweeps(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	var attempts int
	shards.before = func(string, string, string) error {
		attempts++
		return catalog.ErrBusy
	}
	dying := d.open(t, store.Config{DDL: shards}.WithFailpoint(crashAt("proposed")))
	addShards(t, dying, 1)
	if _, err := dying.EnsureFamily(t.Context(), "dogs", nil); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	c := d.open(t, store.Config{DDL: shards})
	sweep := c.Sweeper()

	tx := d.lockFamilies(t)
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range 2 {
		sweep(soon)
	}
	if attempts != 0 || soon.Err() != nil {
		t.Errorf("%d attempts under another's lock, %v; want none, and no waiting", attempts, soon.Err())
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		sweep(t.Context())
	}
	if attempts != 4 { // after rests of 1, 2, 4 and 8
		t.Errorf("%d attempts in 20 sweeps, want 4", attempts)
	}
	shards.before = nil
	for range 64 {
		sweep(t.Context())
	}
	shards.check(t, c.Snapshot(), "dogs")
}

// A family whose name is taken on the shard by somebody else's table leaves
// nothing behind, whoever finds out.
func TestRefusedCreate(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	shards.before = func(_, shard, _ string) error { return fmt.Errorf("shard %s: %w", shard, catalog.ErrNameTaken) }
	c := d.open(t, store.Config{DDL: shards})
	addShards(t, c, 1)
	gone := func(step string, before uint64) {
		t.Helper()
		if s := refresh(t, c); s.Version <= before {
			t.Errorf("%s: version %d, as before", step, s.Version)
		}
		for _, table := range []string{"families", "columns", "placements", "indexes"} {
			if n := d.count(t, table); n != 0 {
				t.Errorf("%s: %d rows in %s", step, n, table)
			}
		}
		if left := c.Unfinished(); len(left) != 0 {
			t.Errorf("%s: unfinished: %v", step, left)
		}
	}
	before := c.Snapshot().Version
	_, err := c.EnsureFamily(t.Context(), "dogs", text("name"))
	if !errors.Is(err, catalog.ErrNameTaken) || err.Error() != "family dogs: shard s0: name taken" {
		t.Errorf("got %v", err)
	}
	gone("create", before)

	dying := d.open(t, store.Config{DDL: shards}.WithFailpoint(crashAt("proposed")))
	if _, err := dying.EnsureFamily(t.Context(), "dogs", text("name")); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	before = refresh(t, c).Version
	sweep := c.Sweeper()
	for range 2 {
		sweep(t.Context())
	}
	gone("sweep", before)
	dogs := &catalog.Table{Name: "dogs", Placements: []catalog.Placement{{Shard: "s0"}}}
	if err := c.RegisterTable(t.Context(), dogs); err != nil {
		t.Errorf("the name is not free: %v", err)
	}
}

// A column that can't be added because the table is no longer the family's
// does not cost the family its place in the catalog.
func TestRefusedColumn(t *testing.T) {
	_, shards, c := newCatalog(t, 1)
	ensure(t, c, "dogs", text("name")...)
	shards.before = func(string, string, string) error { return catalog.ErrNameTaken }
	if _, err := c.EnsureFamily(t.Context(), "dogs", text("breed")); !errors.Is(err, catalog.ErrNameTaken) {
		t.Errorf("got %v", err)
	}
	shards.before = nil
	ensure(t, c, "dogs", text("breed")...)
	shards.check(t, c.Snapshot(), "dogs", "name", "breed")
}

// recorder is a log handler that keeps the messages.
type recorder struct {
	slog.Handler
	mu       sync.Mutex
	messages []string
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }

func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, record.Message)
	return nil
}

func (r *recorder) count(part string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, message := range r.messages {
		if strings.Contains(message, part) {
			n++
		}
	}
	return n
}

func TestOutage(t *testing.T) {
	cluster := localtest.Dedicated(t, 1)
	addr := cluster.Sockets()[0]
	localtest.Exec(t, localtest.Open(t, addr, ""), "CREATE DATABASE outage")
	d := &database{addr, "outage", localtest.Open(t, addr, "outage")}

	log := new(recorder)
	shards := newFakeShards(t)
	c := d.open(t, store.Config{DDL: shards, PollInterval: 10 * time.Millisecond, Logger: slog.New(log)})
	addShards(t, c, 1)
	ensure(t, c, "dogs", text("name")...)
	run(t, c)

	cluster.Stop(0)
	localtest.Eventually(t, time.Minute, "the outage's start", func() bool { return log.count("can't be read") > 0 })
	for name, call := range map[string]func() error{
		"refresh": func() error { _, err := c.Refresh(t.Context()); return err },
		"ping":    func() error { return c.Ping(t.Context()) },
		"ensure":  func() error { _, err := c.EnsureFamily(t.Context(), "dogs", text("breed")); return err },
		"drop":    func() error { return c.DropFamily(t.Context(), "dogs") },
		"shard": func() error {
			_, err := c.AddShard(t.Context(), catalog.Shard{Name: "a", Address: "b", Identity: "c"})
			return err
		},
		"spread": func() error { _, err := c.Spread(t.Context(), "dogs", 2); return err },
		"index": func() error {
			_, err := c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"name"}})
			return err
		},
		"unindex":    func() error { return c.DropIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"name"}}) },
		"state":      func() error { return c.SetShardState(t.Context(), "s0", catalog.ReadOnly) },
		"register":   func() error { return c.RegisterTable(t.Context(), registered("owners", "s0", "")) },
		"unregister": func() error { return c.UnregisterTable(t.Context(), "owners") },
		"sizing":     func() error { _, err := c.ClaimSizing(t.Context(), time.Hour); return err },
		"sizes":      func() error { return c.RecordSizes(t.Context(), "s0", everything, nil) },
		"open":       func() error { _, err := store.Open(t.Context(), d.DB, store.Config{}); return err },
	} {
		if err := call(); !errors.Is(err, catalog.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
	ensure(t, c, "dogs", text("name")...) // known, so it needs no catalog
	_, err := c.EnsureFamily(t.Context(), "dogs", []catalog.Field{{Name: "name", Type: catalog.Int}})
	var conflict *catalog.TypeConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("known conflict: %v", err)
	}

	cluster.Resume(0)
	localtest.Eventually(t, time.Minute, "the outage's end", func() bool { return log.count("can be read again") > 0 })
	ensure(t, c, "dogs", text("breed")...)
	shards.check(t, c.Snapshot(), "dogs", "name", "breed")
	if n := log.count(""); n != 2 {
		t.Errorf("%d lines logged, want one for the start and one for the end: %v", n, log.messages)
	}
}
