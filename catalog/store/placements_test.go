package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
)

// shardsOf returns the shards of a table's placements, by their numbers.
func shardsOf(t *catalog.Table) (shards []string) {
	for i, p := range t.Placements {
		if p.Number != i {
			return []string{fmt.Sprintf("placement %d is number %d", i, p.Number)}
		}
		shards = append(shards, p.Shard)
	}
	return shards
}

func TestSpread(t *testing.T) {
	_, shards, c := newCatalog(t, 5)
	ensure(t, c, "Dogs", text("name")...) // on s0
	sizes := []catalog.TableSize{{Name: "ballast", Bytes: 1 << 30}}
	if err := errors.Join(c.RecordSizes(t.Context(), "s1", everything, sizes), c.SetShardState(t.Context(), "s3", catalog.ReadOnly)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		shards int
		want   []string
	}{
		{1, []string{"s0"}},
		{2, []string{"s0", "s2"}}, // s1 has more data
		{2, []string{"s0", "s2"}},
		{4, []string{"s0", "s2", "s4", "s1"}}, // s3 is read-only
	} {
		got := spread(t, c, "dogs", step.shards)
		if !slices.Equal(shardsOf(got), step.want) {
			t.Errorf("over %d shards: %v, want %v", step.shards, shardsOf(got), step.want)
		}
		for i, p := range got.Placements {
			if p.Fresh != (i > 0) {
				t.Errorf("over %d shards: %+v", step.shards, p)
			}
		}
		shards.check(t, c.Snapshot(), "dogs", "name")
	}
	for _, s := range c.Snapshot().Shards() {
		want := map[string]int{"s0": 1, "s1": 1, "s2": 1, "s4": 1}[s.Name]
		if s.Placed != want {
			t.Errorf("shard %s counts %d new placements, want %d", s.Name, s.Placed, want)
		}
	}
	ensure(t, c, "dogs", text("breed")...)
	shards.check(t, c.Snapshot(), "dogs", "name", "breed")
	if err := c.DropFamily(t.Context(), "dogs"); err != nil {
		t.Fatal(err)
	}
	if left := shards.find("dogs"); len(left) > 0 {
		t.Errorf("tables left: %v", left)
	}
}

func TestSpreadRefusals(t *testing.T) {
	_, _, c := newCatalog(t, 3)
	ensure(t, c, "dogs")
	spread(t, c, "dogs", 2)
	if err := c.SetShardState(t.Context(), "s2", catalog.ReadOnly); err != nil {
		t.Fatal(err)
	}
	before := c.Snapshot().Version
	for asked, want := range map[int]catalog.SpreadError{
		1: {Family: "dogs", Asked: 1, Placed: 2},
		3: {Family: "dogs", Asked: 3, Placed: 2},
	} {
		_, err := c.Spread(t.Context(), "dogs", asked)
		var refused *catalog.SpreadError
		if !errors.As(err, &refused) || *refused != want || refused.Shrinks() != (asked == 1) {
			t.Errorf("over %d: %v", asked, err)
		}
	}
	if _, err := c.Spread(t.Context(), "cats", 2); !errors.Is(err, catalog.ErrUnknownFamily) {
		t.Errorf("unknown family: %v", err)
	}
	if after := refresh(t, c).Version; after != before {
		t.Errorf("version %d, was %d: refusals left something", after, before)
	}
}

// Processes that spread one family over more and more shards at once, while
// others add columns and indexes, end with equal tables.
func TestManySpreadAndAdd(t *testing.T) {
	_, shards, all := newCatalogs(t, 4, 6)
	ensure(t, all[0], "dogs", text("name")...)
	var fields []string
	var wg sync.WaitGroup
	for i, c := range all {
		for n := 2; n <= 6; n++ {
			wg.Go(func() {
				_, err := c.Spread(t.Context(), "dogs", n)
				var refused *catalog.SpreadError
				if err != nil && !(errors.As(err, &refused) && refused.Shrinks()) {
					t.Errorf("process %d, over %d: %v", i, n, err)
				}
			})
			field := fmt.Sprintf("f%d_%d", i, n)
			fields = append(fields, field)
			wg.Go(func() {
				if _, err := c.EnsureFamily(t.Context(), "dogs", text(field)); err != nil {
					t.Errorf("field %s: %v", field, err)
				}
				if _, err := c.AddIndex(t.Context(), "dogs", catalog.Index{Columns: []string{field, "name"}}); err != nil {
					t.Errorf("index of %s: %v", field, err)
				}
			})
		}
	}
	wg.Wait()
	for _, c := range all {
		shards.check(t, refresh(t, c), "dogs", append(fields, "name")...)
		table := mustTable(t, c.Snapshot(), "dogs")
		if len(table.Placements) != 6 || len(table.Indexes) != len(fields) {
			t.Errorf("%d placements, %d indexes; want 6 and %d", len(table.Placements), len(table.Indexes), len(fields))
		}
		if left := c.Unfinished(); len(left) > 0 {
			t.Errorf("unfinished: %v", left)
		}
	}
}

// A shard that is away holds up neither the placements on other shards nor new
// columns, and gets its table when it is back.
func TestSpreadOverLostShard(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	errAway := errors.New("away")
	shards.before = func(op, shard, _ string) error {
		if shard == "s1" {
			return fmt.Errorf("shard s1: %w", errAway)
		}
		return nil
	}
	c := d.open(t, store.Config{DDL: shards})
	addShards(t, c, 3)
	ensure(t, c, "dogs", text("name")...)
	if _, err := c.Spread(t.Context(), "dogs", 3); !errors.Is(err, errAway) {
		t.Errorf("spread: %v", err)
	}
	if got := shardsOf(mustTable(t, refresh(t, c), "dogs")); len(got) != 1 && got[1] != "s2" {
		t.Errorf("placements on %v", got)
	}
	ensure(t, c, "dogs", text("breed")...)
	addIndex(t, c, "dogs", "breed")
	shards.before = nil
	sweep := c.Sweeper()
	for range 3 {
		sweep(t.Context())
	}
	if got := shardsOf(mustTable(t, refresh(t, c), "dogs")); !slices.Equal(got, []string{"s0", "s1", "s2"}) {
		t.Errorf("in the end on %v", got)
	}
	shards.check(t, c.Snapshot(), "dogs", "name", "breed")
}

// A shard that has a table of the name already gets no placement.
func TestSpreadOverTakenName(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	shards.before = func(op, shard, _ string) error {
		if shard == "s1" {
			return fmt.Errorf("shard s1: %w", catalog.ErrNameTaken)
		}
		return nil
	}
	c := d.open(t, store.Config{DDL: shards})
	addShards(t, c, 2)
	ensure(t, c, "dogs", text("name")...)
	if _, err := c.Spread(t.Context(), "dogs", 2); !errors.Is(err, catalog.ErrNameTaken) {
		t.Errorf("spread: %v", err)
	}
	shards.check(t, refresh(t, c), "dogs", "name")
	if left := c.Unfinished(); len(left) > 0 || d.count(t, "placements") != 1 {
		t.Errorf("unfinished: %v", left)
	}
	shards.before = nil
	if got := shardsOf(spread(t, c, "dogs", 2)); !slices.Equal(got, []string{"s0", "s1"}) {
		t.Errorf("once the name is free: %v", got)
	}
}

// A new placement is read at once, by all processes, and takes rows only
// after the grace.
func TestGrace(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	const grace = 300 * time.Millisecond
	cfg := store.Config{DDL: shards, PollInterval: 20 * time.Millisecond, Grace: grace}
	a, b := d.open(t, cfg), d.open(t, cfg)
	addShards(t, a, 2)
	ensure(t, a, "dogs", text("name")...)
	refresh(t, b)
	run(t, a)
	run(t, b)
	before := time.Now()
	table := spread(t, a, "dogs", 2)
	if w := a.Snapshot().Writable(table); len(table.Placements) != 2 || len(w) != 1 || w[0].Shard != "s0" {
		t.Errorf("at once: placements %v, of which take rows %v", table.Placements, w)
	}
	seen := time.Duration(0)
	localtest.Eventually(t, time.Minute, "both placements to take rows", func() bool {
		now := b.Snapshot()
		table := mustTable(t, now, "dogs")
		if seen == 0 && len(table.Placements) == 2 {
			seen = time.Since(before)
		}
		return len(now.Writable(table)) == 2
	})
	if took := time.Since(before); took < grace || seen == 0 || seen > took-grace/2 {
		t.Errorf("another process saw the placement after %v, and writes to it after %v; the grace is %v", seen, took, grace)
	}
	localtest.Eventually(t, time.Minute, "it to be known everywhere", func() bool {
		return len(a.Snapshot().Writable(mustTable(t, a.Snapshot(), "dogs"))) == 2
	})
	for _, p := range mustTable(t, a.Snapshot(), "dogs").Placements {
		if p.Fresh {
			t.Errorf("still fresh: %+v", p)
		}
	}
}

// The opener counts the grace from when it has seen the placement itself, and
// leaves alone a family that is being changed or is gone.
func TestOpener(t *testing.T) {
	d := newDatabase(t)
	c := d.open(t, store.Config{DDL: newFakeShards(t), Grace: 50 * time.Millisecond})
	addShards(t, c, 2)
	ensure(t, c, "dogs")
	spread(t, c, "dogs", 2)
	time.Sleep(60 * time.Millisecond)
	open, fresh := c.Opener(), func() bool { return mustTable(t, refresh(t, c), "dogs").Placements[1].Fresh }
	open(t.Context())
	if !fresh() {
		t.Error("opened at first sight")
	}
	time.Sleep(60 * time.Millisecond)
	tx := d.lockFamilies(t)
	open(t.Context())
	if !fresh() {
		t.Error("opened under another's lock")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	open(t.Context())
	if fresh() {
		t.Error("not opened after the grace")
	}
	before := c.Snapshot().Version
	open(t.Context())
	if after := refresh(t, c).Version; after != before {
		t.Error("opened twice")
	}
}

func TestInTouch(t *testing.T) {
	c := newDatabase(t).open(t, store.Config{Grace: 100 * time.Millisecond})
	if !c.InTouch() {
		t.Error("not in touch after it was opened")
	}
	time.Sleep(120 * time.Millisecond)
	if c.InTouch() {
		t.Error("in touch without a read for longer than the grace")
	}
	refresh(t, c)
	if !c.InTouch() {
		t.Error("not in touch after a read")
	}
}

// While there are older shards, a new one gets no families: not all processes
// may read its raw_logs yet.
func TestNewShardWaits(t *testing.T) {
	d, _, c := newCatalog(t, 2)
	if got := shardsOf(ensure(t, c, "a").Table); got[0] != "s0" {
		t.Errorf("all are new: placed on %v", got)
	}
	d.exec(t, "UPDATE shards SET since = UTC_TIMESTAMP(6) - INTERVAL 20 SECOND WHERE name = 's0'")
	if got := shardsOf(ensure(t, c, "b").Table); got[0] != "s0" {
		t.Errorf("one is new: placed on %v", got)
	}
	if got := shardsOf(spread(t, c, "b", 2)); got[1] != "s1" { // which has a grace of its own
		t.Errorf("spread over %v", got)
	}
	d.exec(t, "UPDATE shards SET since = UTC_TIMESTAMP(6) - INTERVAL 20 SECOND")
	if got := shardsOf(ensure(t, c, "c").Table); got[0] != "s1" {
		t.Errorf("none is new: placed on %v", got)
	}
}
