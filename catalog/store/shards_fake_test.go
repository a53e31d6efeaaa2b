package store_test

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
// ways, and when columns or indexes are added to a table that isn't there.
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
	number  int // of the placement
	columns map[string]catalog.Column
	indexes map[string]bool // by their columns' names, with commas; of shadows by theirs
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
			table = fakeTable{t.ID, p.Number, make(map[string]catalog.Column), make(map[string]bool)}
			f.tables[at] = table
		}
		if table.number != p.Number {
			f.t.Errorf("%s: placement %d has the table of placement %d", at, p.Number, table.number)
		}
		f.add(at, t.Columns)
		for _, ix := range t.Indexes {
			table.indexes[strings.Join(ix.Columns, ",")] = true
		}
		for _, s := range t.Shadows {
			table.indexes[s.Name()] = true
		}
		return nil
	})
}

func (f *fakeShards) PlainRows(context.Context, string) bool { return false }

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

func (f *fakeShards) AddIndex(_ context.Context, shard string, t *catalog.Table, ix catalog.Index) error {
	return f.work("index", shard, t, func() error {
		table, ok := f.tables[place(shard, t)]
		if !ok || table.id != t.ID {
			return fmt.Errorf("no table %s of family %d", place(shard, t), t.ID)
		}
		for _, column := range ix.Columns {
			if _, ok := table.columns[column]; !ok {
				f.t.Errorf("%s: index of the missing column %s", place(shard, t), column)
			}
		}
		table.indexes[strings.Join(ix.Columns, ",")] = true
		return nil
	})
}

func (f *fakeShards) DropIndex(_ context.Context, shard string, t *catalog.Table, ix catalog.Index) error {
	return f.work("unindex", shard, t, func() error {
		if table, ok := f.tables[place(shard, t)]; ok && table.id == t.ID {
			delete(table.indexes, strings.Join(ix.Columns, ","))
		}
		return nil
	})
}

func (f *fakeShards) AddShadow(_ context.Context, shard string, t *catalog.Table, s catalog.Shadow) error {
	return f.work("shadow", shard, t, func() error {
		table, ok := f.tables[place(shard, t)]
		if !ok || table.id != t.ID {
			return fmt.Errorf("no table %s of family %d", place(shard, t), t.ID)
		}
		if _, ok := table.columns[s.Column]; !ok {
			f.t.Errorf("%s: shadow of the missing column %s", place(shard, t), s.Column)
		}
		table.indexes[s.Name()] = true
		return nil
	})
}

func (f *fakeShards) DropShadow(_ context.Context, shard string, t *catalog.Table, s catalog.Shadow) error {
	return f.work("unshadow", shard, t, func() error {
		if table, ok := f.tables[place(shard, t)]; ok && table.id == t.ID {
			delete(table.indexes, s.Name())
		}
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

// find returns the tables of that name, by their shards.
func (f *fakeShards) find(name string) map[string]fakeTable {
	f.mu.Lock()
	defer f.mu.Unlock()
	tables := make(map[string]fakeTable)
	for at, table := range f.tables {
		if shard, found := strings.CutSuffix(at, "/"+strings.ToLower(name)); found {
			table.columns, table.indexes = maps.Clone(table.columns), maps.Clone(table.indexes)
			tables[shard] = table
		}
	}
	return tables
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
// a table on each of its placements' shards and on no other, with the key and
// just those columns, and with its indexes and shadows.
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
	var indexes []string
	for _, ix := range table.Indexes {
		indexes = append(indexes, strings.Join(ix.Columns, ","))
	}
	for _, s := range table.Shadows {
		if !s.Usable {
			t.Errorf("shadow %s of %s is not usable", s.Name(), s.Column)
		}
		indexes = append(indexes, s.Name())
	}
	tables := f.find(name)
	if len(tables) != len(table.Placements) {
		t.Errorf("tables %v, placements %v", tables, table.Placements)
	}
	for _, p := range table.Placements {
		stored, ok := tables[p.Shard]
		if !ok || stored.number != p.Number {
			t.Errorf("shard %s has %+v, want placement %d", p.Shard, stored, p.Number)
		}
		if got := slices.Collect(maps.Keys(stored.columns)); !sameElements(got, want) {
			t.Errorf("shard %s has the columns %v, want %v", p.Shard, got, want)
		}
		if got := slices.Collect(maps.Keys(stored.indexes)); !sameElements(got, indexes) {
			t.Errorf("shard %s has the indexes %v, want %v", p.Shard, got, indexes)
		}
	}
}

// have gives the shards the tables of a family.
func (f *fakeShards) have(t *testing.T, table *catalog.Table) {
	t.Helper()
	if table.Kind != catalog.Family {
		return
	}
	for _, p := range table.Placements {
		if err := f.CreateTable(t.Context(), p.Shard, table, p); err != nil {
			t.Fatal(err)
		}
	}
}
