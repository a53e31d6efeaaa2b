package catalog

import (
	"slices"
	"testing"
)

func TestSnapshot(t *testing.T) {
	dogs := &Table{ID: 1, Name: "Dogs", Kind: Family,
		Columns:    []Column{{Name: "id", Type: Int}, {Name: "Name", Type: Text, Position: 1}},
		Placements: []Placement{{Number: 0, Shard: "b"}}}
	s := NewSnapshot(7, []Shard{{Number: 1, Name: "b"}, {Number: 0, Name: "a"}}, []*Table{dogs, {Name: "ants", Kind: Registered}})
	if got, ok := s.Table("dOGS"); !ok || got != dogs {
		t.Errorf("Table(dOGS) = %v, %v", got, ok)
	}
	if c, ok := dogs.Column("NAME"); !ok || c.Name != "Name" {
		t.Errorf("Column(NAME) = %v, %v", c, ok)
	}
	if _, ok := dogs.Column("breed"); ok {
		t.Error("a column that isn't there")
	}
	var names []string
	for table := range s.Tables {
		names = append(names, table.Name)
	}
	if want := []string{"ants", "Dogs"}; !slices.Equal(names, want) {
		t.Errorf("Tables = %v, want %v", names, want)
	}
	raw, ok := s.Table(RawLogs)
	if want := []Placement{{Number: 0, Shard: "a"}, {Number: 1, Shard: "b"}}; !ok || !slices.Equal(raw.Placements, want) {
		t.Errorf("raw_logs = %v, %v", raw, ok)
	}
	if sh, ok := s.Shard("b"); !ok || sh.Number != 1 {
		t.Errorf("Shard(b) = %v, %v", sh, ok)
	}
	if _, ok := s.Shard("B"); ok {
		t.Error("shard names are compared without case")
	}
	if !dogs.On("b") || dogs.On("a") {
		t.Error("On disagrees with the placements")
	}
}

func TestWritable(t *testing.T) {
	shards := []Shard{{Number: 0, Name: "a", State: Active}, {Number: 1, Name: "b", State: Active},
		{Number: 2, Name: "r", State: ReadOnly}}
	s := NewSnapshot(1, shards, nil)
	for _, test := range []struct {
		name       string
		placements []Placement
		want       []string
	}{
		{"one", []Placement{{Shard: "a"}}, []string{"a"}},
		{"one, whatever it is", []Placement{{Shard: "r", Full: true}}, []string{"r"}},
		{"two", []Placement{{Shard: "a"}, {Shard: "b"}}, []string{"a", "b"}},
		{"fresh", []Placement{{Shard: "r", Full: true}, {Shard: "b", Fresh: true}}, []string{"r"}},
		{"read-only", []Placement{{Shard: "r"}, {Shard: "b"}}, []string{"b"}},
		{"full", []Placement{{Shard: "a", Full: true}, {Shard: "b"}}, []string{"b"}},
		{"full rather than read-only", []Placement{{Shard: "a", Full: true}, {Shard: "r"}}, []string{"a"}},
		{"all full", []Placement{{Shard: "a", Full: true}, {Shard: "b", Full: true}, {Shard: "r"}}, []string{"a", "b"}},
	} {
		var got []string
		for _, p := range s.Writable(&Table{Placements: test.placements}) {
			got = append(got, p.Shard)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestFits(t *testing.T) {
	types := []Type{Int, Float, Bool, Text, Timestamp, JSON}
	for _, stored := range types {
		for _, offered := range types {
			want := stored == offered || stored == JSON || stored == Text && offered == Timestamp
			if Fits(stored, offered) != want {
				t.Errorf("Fits(%s, %s) = %v", stored, offered, !want)
			}
		}
	}
}

func TestFieldColumn(t *testing.T) {
	for field, want := range map[string]string{"id": "_id", "Id": "_id", "_id": "_id", "idx": "idx", "id.orig_h": "id.orig_h"} {
		if got := FieldColumn(field); got != want {
			t.Errorf("FieldColumn(%s) = %s, want %s", field, got, want)
		}
	}
}

func TestParseFieldType(t *testing.T) {
	for name, want := range map[string]Type{
		"string": Text, "TEXT": Text, "Long": Int, "bigint": Int, "number": Float, "boolean": Bool,
		"datetime": Timestamp, "object": JSON, "array": JSON,
	} {
		if got, ok := ParseFieldType(name); !ok || got != want {
			t.Errorf("ParseFieldType(%s) = %s, %v", name, got, ok)
		}
	}
	if got, ok := ParseFieldType("decimal"); ok {
		t.Errorf("ParseFieldType(decimal) = %s", got)
	}
}
