package catalog

import (
	"errors"
	"fmt"
	"testing"
)

// fill lays out n fields of one type.
func fill(t *testing.T, l *Layout, prefix string, n int, typ Type) []Column {
	t.Helper()
	var columns []Column
	for i := range n {
		c, isNew, err := l.Add(Field{fmt.Sprintf("%s%d", prefix, i), typ})
		if err != nil || !isNew {
			t.Fatalf("field %d: new %v, %v", i, isNew, err)
		}
		columns = append(columns, c)
	}
	return columns
}

func TestLayoutOfWideFamilies(t *testing.T) {
	for _, test := range []struct {
		typ    Type
		fields int
		stored int
		groups int
	}{
		{Text, MaxFields, 163, 14},
		{JSON, 800, 163, 10},
		{Int, MaxFields, 836, 3},
		{Timestamp, MaxFields, 836, 3},
		{Float, MaxFields, 836, 3},
		{Bool, MaxFields, MaxFields, 0},
	} {
		t.Run(string(test.typ), func(t *testing.T) {
			columns := fill(t, NewLayout("f", nil, false), "c", test.fields, test.typ)
			size := make(map[int]int)
			for i, c := range columns {
				if c.Position != i+1 {
					t.Fatalf("field %d has position %d", i, c.Position)
				}
				size[c.Group]++
			}
			if size[0] != test.stored || len(size)-1 != test.groups {
				t.Errorf("%d stored, %d groups; want %d and %d", size[0], len(size)-1, test.stored, test.groups)
			}
			for group, n := range size {
				if group > 0 && n > groupSize {
					t.Errorf("group %d has %d fields", group, n)
				}
			}
			if all := 1 + test.fields + len(size) - 1; all > 1017 {
				t.Errorf("%d columns in all", all)
			}
		})
	}
}

// TestLayoutOfPlainRows goes on with a family that began with groups.
func TestLayoutOfPlainRows(t *testing.T) {
	columns := fill(t, NewLayout("f", nil, false), "c", 200, Text)
	more := fill(t, NewLayout("f", columns, true), "d", 700, Text)
	for _, c := range more {
		if c.Group != 0 {
			t.Fatalf("%s is in group %d", c.Name, c.Group)
		}
	}
	if (&Table{Columns: columns}).PlainOnly() || !(&Table{Columns: more}).PlainOnly() {
		t.Error("what a row of InnoDB takes is not told apart from what it does not")
	}
}

// TestLayoutRefusesLongNames leaves the errors that MariaDB would give to the
// test of ingest that asks it.
func TestLayoutRefusesLongNames(t *testing.T) {
	l := NewLayout("f", nil, false)
	fill(t, l, "a_name_of_20_bytes_", 100, Text)
	for i := range MaxFields {
		_, _, err := l.Add(Field{fmt.Sprintf("another_name_of_30_bytes_%05d", i), JSON})
		if many, ok := errors.AsType[*TooManyColumnsError](err); ok {
			if !many.LongNames || i < 300 {
				t.Errorf("field %d: %v", i, err)
			}
			return
		}
	}
	t.Error("the names of 1,000 fields are never too long")
}

func TestLayoutContinues(t *testing.T) {
	// A family laid out at once and one laid out request by request agree.
	once := fill(t, NewLayout("f", nil, false), "c", 300, Text)
	var stepwise []Column
	for i := 0; i < 300; i += 50 {
		l := NewLayout("f", stepwise, false)
		for j := i; j < i+50; j++ {
			c, _, err := l.Add(Field{fmt.Sprintf("c%d", j), Text})
			if err != nil {
				t.Fatal(err)
			}
			stepwise = append(stepwise, c)
		}
	}
	for i := range once {
		if once[i] != stepwise[i] {
			t.Fatalf("field %d: %+v at once, %+v stepwise", i, once[i], stepwise[i])
		}
	}
	// A small column still fits where a text doesn't.
	l := NewLayout("f", once, false)
	if c, _, _ := l.Add(Field{"flag", Bool}); c.Group != 0 {
		t.Errorf("bool beside 163 texts is in group %d, want stored", c.Group)
	}
}

func TestLayoutConflicts(t *testing.T) {
	l := NewLayout("f", []Column{
		{Name: "weight", Type: Int, Position: 1},
		{Name: "seen", Type: Text, Position: 2},
		{Name: "any", Type: JSON, Position: 3},
		{Name: "_id", Type: Text, Position: 4},
	}, false)
	for _, test := range []struct {
		name  string
		field Field
		want  error
	}{
		{"same", Field{"weight", Int}, nil},
		{"type", Field{"weight", Float}, &TypeConflictError{"f", "weight", Int, Float}},
		{"case", Field{"Weight", Int}, &CaseConflictError{"f", "Weight", "weight"}},
		{"timestamp as text", Field{"seen", Timestamp}, nil},
		{"int as text", Field{"seen", Int}, &TypeConflictError{"f", "seen", Text, Int}},
		{"json takes text", Field{"any", Text}, nil},
		{"json takes int", Field{"any", Int}, nil},
		{"id is _id", Field{"id", Text}, nil},
		{"ID is _id", Field{"ID", Text}, nil},
		{"_ID is not", Field{"_ID", Text}, &CaseConflictError{"f", "_ID", "_id"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, isNew, err := l.Add(test.field)
			if isNew {
				t.Error("a new column")
			}
			if fmt.Sprintf("%T %[1]v", err) != fmt.Sprintf("%T %[1]v", test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

func TestLayoutLimit(t *testing.T) {
	l := NewLayout("f", nil, false)
	fill(t, l, "c", MaxFields, Int)
	if _, isNew, err := l.Add(Field{"c0", Int}); isNew || err != nil {
		t.Errorf("known field of a full family: new %v, %v", isNew, err)
	}
	_, _, err := l.Add(Field{"more", Bool})
	var limit *TooManyColumnsError
	if !errors.As(err, &limit) || limit.Limit != MaxFields || limit.Family != "f" {
		t.Errorf("error %v, want a TooManyColumnsError", err)
	}
}
