package catalog_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
)

// fakeShards is a DDL over shards in memory. It fails the test when a family
// is changed by two at once, when a table would get a column twice in two
// ways, and when columns are added to a table that isn't there.
type fakeShards struct {
	t *testing.T
	// before, unless nil, is called at the beginning of each change.
	before func(op, shard, table string) error

	mu      sync.Mutex
	tables  map[string]fakeTable // by shard and name
	working map[string]bool      // by the family's name
	log     []string             // what was changed
}

type fakeTable struct {
	id      int64
	columns map[string]catalog.Column
}

func newFakeShards(t *testing.T) *fakeShards {
	return &fakeShards{t: t, tables: make(map[string]fakeTable), working: make(map[string]bool)}
}

func place(shard string, t *catalog.Table) string { return shard + "/" + strings.ToLower(t.Name) }

func (f *fakeShards) CreateTable(_ context.Context, shard string, t *catalog.Table, p catalog.Placement) error {
	return f.work("create", shard, t, func() error {
		at := place(shard, t)
		table, ok := f.tables[at]
		if !ok || table.id != t.ID {
			table = fakeTable{t.ID, make(map[string]catalog.Column)}
			f.tables[at] = table
		}
		f.add(at, t.Columns)
		return nil
	})
}

func (f *fakeShards) AddColumns(_ context.Context, shard string, t *catalog.Table, columns []catalog.Column) error {
	return f.work("add", shard, t, func() error {
		if table, ok := f.tables[place(shard, t)]; !ok || table.id != t.ID {
			return fmt.Errorf("no table %s of family %d", place(shard, t), t.ID)
		}
		for _, c := range columns {
			if _, ok := t.Column(c.Name); !ok {
				f.t.Errorf("column %s to add to %s is not one of its columns", c.Name, t.Name)
			}
		}
		f.add(place(shard, t), columns)
		return nil
	})
}

func (f *fakeShards) DropTable(_ context.Context, shard string, t *catalog.Table, p catalog.Placement) error {
	return f.work("drop", shard, t, func() error {
		if f.tables[place(shard, t)].id == t.ID {
			delete(f.tables, place(shard, t))
		}
		return nil
	})
}

func (f *fakeShards) work(op, shard string, t *catalog.Table, change func() error) error {
	name := strings.ToLower(t.Name)
	if !f.enter(op, name) {
		f.t.Errorf("%s of %s while another change is at work", op, name)
	}
	defer f.leave(name)
	if f.before != nil {
		if err := f.before(op, shard, t.Name); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return change()
}

func (f *fakeShards) enter(op, name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, op+" "+name)
	if f.working[name] {
		return false
	}
	f.working[name] = true
	return true
}

func (f *fakeShards) leave(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.working, name)
}

func (f *fakeShards) add(at string, columns []catalog.Column) {
	for _, c := range columns {
		if old, ok := f.tables[at].columns[c.Name]; ok && old != c {
			f.t.Errorf("%s: column %+v added as %+v too", at, old, c)
		}
		f.tables[at].columns[c.Name] = c
	}
}

// find returns the shards that have the table, and its columns' names.
func (f *fakeShards) find(name string) (shards, columns []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at, table := range f.tables {
		if shard, found := strings.CutSuffix(at, "/"+strings.ToLower(name)); found {
			shards = append(shards, shard)
			columns = slices.Sorted(maps.Keys(table.columns))
		}
	}
	return shards, columns
}

// changes returns what was done to the table, in order.
func (f *fakeShards) changes(name string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ops []string
	for _, entry := range f.log {
		if op, found := strings.CutSuffix(entry, " "+strings.ToLower(name)); found {
			ops = append(ops, op)
		}
	}
	return ops
}

// check fails the test unless the snapshot and the shards agree on the family:
// one table, on one shard, with the key and just those columns.
func (f *fakeShards) check(t *testing.T, s *catalog.Snapshot, name string, columns ...string) {
	t.Helper()
	table, ok := s.Table(name)
	if !ok {
		t.Fatalf("snapshot has no %s", name)
	}
	want := append([]string{catalog.KeyColumn}, columns...)
	if got := columnNames(table); !sameElements(got, want) {
		t.Errorf("snapshot has the columns %v, want %v", got, want)
	}
	for i, c := range table.Columns {
		if c.Position != i {
			t.Errorf("column %s has position %d, want %d", c.Name, c.Position, i)
		}
	}
	shards, stored := f.find(name)
	if len(table.Placements) != 1 || len(shards) != 1 || shards[0] != table.Placements[0].Shard {
		t.Errorf("table is on the shards %v, placements are %v", shards, table.Placements)
	}
	if !sameElements(stored, want) {
		t.Errorf("shard has the columns %v, want %v", stored, want)
	}
}
