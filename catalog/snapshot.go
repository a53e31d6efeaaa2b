package catalog

import (
	"cmp"
	"slices"
)

// Snapshot is one version of the catalog. It is immutable, and safe for
// concurrent use.
type Snapshot struct {
	Version uint64
	shards  []Shard // by number
	tables  map[string]*Table
	names   []string // of tables, sorted without case
}

// NewSnapshot makes a snapshot of the given shards and tables, and adds
// raw_logs with a placement on every shard. It takes ownership of both.
func NewSnapshot(version uint64, shards []Shard, tables []*Table) *Snapshot {
	slices.SortFunc(shards, func(a, b Shard) int { return cmp.Compare(a.Number, b.Number) })
	s := &Snapshot{Version: version, shards: shards, tables: make(map[string]*Table, len(tables)+1)}
	for _, t := range append(tables, rawLogs(shards)) {
		t.index()
		key := Key(t.Name)
		s.tables[key] = t
		s.names = append(s.names, key)
	}
	slices.Sort(s.names)
	return s
}

func rawLogs(shards []Shard) *Table {
	t := &Table{Name: RawLogs, Kind: System, Columns: []Column{
		{Name: KeyColumn, Type: Int},
		{Name: "family", Type: Text, Position: 1},
		{Name: "log", Type: JSON, Position: 2},
	}}
	for _, s := range shards {
		t.Placements = append(t.Placements, Placement{Number: s.Number, Shard: s.Name})
	}
	return t
}

// Table returns the table of that name, compared without case.
func (s *Snapshot) Table(name string) (*Table, bool) {
	t, ok := s.tables[Key(name)]
	return t, ok
}

// Writable returns the placements of a family's table that take new rows. They
// are not Fresh, if possible on active shards, and of these if possible not
// Full. There is at least one if the table has any.
func (s *Snapshot) Writable(t *Table) []Placement {
	writable := t.Placements
	if len(writable) == 1 {
		return writable
	}
	for _, fits := range []func(Placement) bool{
		func(p Placement) bool { return !p.Fresh },
		func(p Placement) bool { return s.Active(p.Shard) },
		func(p Placement) bool { return !p.Full },
	} {
		var fitting []Placement
		for _, p := range writable {
			if fits(p) {
				fitting = append(fitting, p)
			}
		}
		if len(fitting) > 0 {
			writable = fitting
		}
	}
	return writable
}

// Active reports whether there is a shard of that name that is active.
func (s *Snapshot) Active(shard string) bool {
	sh, ok := s.Shard(shard)
	return ok && sh.State == Active
}

// Tables calls yield with every table but raw_logs, sorted by name without
// case.
func (s *Snapshot) Tables(yield func(*Table) bool) {
	for _, name := range s.names {
		if t := s.tables[name]; t.Kind != System && !yield(t) {
			return
		}
	}
}

// Shards returns the shards by number. The caller must not change them.
func (s *Snapshot) Shards() []Shard { return s.shards }

// Shard returns the shard of that name.
func (s *Snapshot) Shard(name string) (*Shard, bool) {
	for i := range s.shards {
		if s.shards[i].Name == name {
			return &s.shards[i], true
		}
	}
	return nil, false
}
