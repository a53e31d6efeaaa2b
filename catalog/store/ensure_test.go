package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

func TestEnsureFamily(t *testing.T) {
	_, shards, c := newCatalog(t, 2)

	change := ensure(t, c, "Dogs", text("name", "breed")...)
	if !change.Created || !slices.Equal(change.Added, []string{"name", "breed"}) {
		t.Errorf("creation: %+v", change)
	}
	shards.check(t, c.Snapshot(), "dogs", "name", "breed")
	if got := columnNames(change.Table); !slices.Equal(got, []string{"id", "name", "breed"}) {
		t.Errorf("columns %v", got)
	}
	if key := change.Table.Columns[0]; key.Type != catalog.Int || key.Nullable {
		t.Errorf("key column %+v", key)
	}

	change = ensure(t, c, "dogs", append(text("breed", "ID", "owner"), catalog.Field{Name: "weight", Type: catalog.Int})...)
	if change.Created || !slices.Equal(change.Added, []string{"ID", "owner", "weight"}) {
		t.Errorf("addition: %+v", change)
	}
	shards.check(t, c.Snapshot(), "dogs", "name", "breed", "_id", "owner", "weight")
	if got := shards.changes("dogs"); !slices.Equal(got, []string{"create", "add"}) {
		t.Errorf("changes %v, want one creation and one addition", got)
	}
	if change.Table.Name != "Dogs" {
		t.Errorf("name %s, want it as first written", change.Table.Name)
	}

	before := change.Table
	change = ensure(t, c, "dogs", text("name", "owner")...)
	if change.Created || len(change.Added) != 0 || change.Table != before {
		t.Errorf("nothing to do: %+v", change)
	}
}

func TestEnsureFamilyWithoutFields(t *testing.T) {
	_, shards, c := newCatalog(t, 1)
	if change := ensure(t, c, "empty"); !change.Created || len(change.Added) != 0 {
		t.Errorf("creation: %+v", change)
	}
	shards.check(t, c.Snapshot(), "empty")
}

// The fast path must not need the catalog.
func TestEnsureKnownFamilyWithoutCatalog(t *testing.T) {
	d, _, c := newCatalog(t, 1)
	ensure(t, c, "dogs", text("name")...)
	d.exec(t, "DROP TABLE meta")
	if change := ensure(t, c, "DOGS", text("name")...); change.Created || len(change.Added) != 0 {
		t.Errorf("known family: %+v", change)
	}
	if _, err := c.EnsureFamily(t.Context(), "dogs", text("breed")); err == nil {
		t.Error("new column without a catalog")
	}
}

func TestEnsureFamilyRefusals(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	c := d.open(t, store.Config{DDL: shards})
	if _, err := c.EnsureFamily(t.Context(), "dogs", nil); !errors.Is(err, catalog.ErrNoActiveShard) {
		t.Fatalf("without shards: %v", err)
	}
	if n := d.count(t, "families"); n != 0 {
		t.Fatalf("%d families left by a refusal", n)
	}
	addShards(t, c, 1)
	other := d.open(t, store.Config{DDL: shards}) // has no families in its snapshot
	ensure(t, c, "dogs", text("name")...)
	err := c.RegisterTable(t.Context(), &catalog.Table{Name: "owners", Placements: []catalog.Placement{{Shard: "s0"}}})
	if err != nil {
		t.Fatal(err)
	}
	many := make([]string, catalog.MaxFields+1)
	for i := range many {
		many[i] = fmt.Sprintf("field%d", i)
	}
	for _, test := range []struct {
		name, family string
		fields       []catalog.Field
		want         error
	}{
		{"type", "dogs", []catalog.Field{{Name: "name", Type: catalog.Int}},
			&catalog.TypeConflictError{Family: "dogs", Field: "name", Stored: catalog.Text, Offered: catalog.Int}},
		{"case", "dogs", text("NAME"), &catalog.CaseConflictError{Family: "dogs", Field: "NAME", Stored: "name"}},
		{"case beside a new field", "dogs", text("new", "Name"), &catalog.CaseConflictError{Family: "dogs", Field: "Name", Stored: "name"}},
		{"case within", "cats", text("a", "A"), &catalog.CaseConflictError{Family: "cats", Field: "A", Stored: "a"}},
		{"too many", "cats", text(many...), &catalog.TooManyColumnsError{Family: "cats", Limit: catalog.MaxFields}},
		{"registered", "Owners", nil, catalog.ErrNameTaken},
		{"raw_logs", "RAW_logs", nil, catalog.ErrNameTaken},
		{"reserved", "Databalancer_x", nil, catalog.ErrNameTaken},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i, c := range []*store.Store{c, other} {
				_, err := c.EnsureFamily(t.Context(), test.family, test.fields)
				if errors.Is(err, test.want) {
					continue
				}
				if fmt.Sprintf("%T %[1]v", err) != fmt.Sprintf("%T %[1]v", test.want) {
					t.Errorf("catalog %d: %v, want %v", i, err, test.want)
				}
			}
		})
	}
	if n := d.count(t, "families"); n != 1 {
		t.Errorf("%d families, want just dogs", n)
	}
	shards.check(t, refresh(t, c), "dogs", "name")
}

// A conflict with a family that is gone by now is none.
func TestEnsureFamilyRechecksConflicts(t *testing.T) {
	d, shards, a := newCatalog(t, 1)
	b := d.open(t, store.Config{DDL: shards})
	ensure(t, a, "dogs", text("weight")...)
	if err := b.DropFamily(t.Context(), "dogs"); err != nil {
		t.Fatal(err)
	}
	change := ensure(t, a, "dogs", catalog.Field{Name: "weight", Type: catalog.Int})
	if !change.Created {
		t.Errorf("change %+v", change)
	}
	shards.check(t, a.Snapshot(), "dogs", "weight")
}

func TestDropFamily(t *testing.T) {
	d, shards, c := newCatalog(t, 1)
	first := ensure(t, c, "dogs", text("name")...).Table
	if err := c.DropFamily(t.Context(), "DOGS"); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Snapshot().Table("dogs"); ok {
		t.Error("the snapshot still has it")
	}
	if on := shards.find("dogs"); len(on) != 0 {
		t.Errorf("the table is still on %v", on)
	}
	for _, table := range []string{"families", "columns", "placements"} {
		if n := d.count(t, table); n != 0 {
			t.Errorf("%d rows left in %s", n, table)
		}
	}
	if err := c.DropFamily(t.Context(), "dogs"); !errors.Is(err, catalog.ErrUnknownFamily) {
		t.Errorf("second drop: %v", err)
	}
	if again := ensure(t, c, "dogs", text("name")...).Table; again.ID == first.ID {
		t.Error("its next life has the same id")
	}
}

func TestBusyTable(t *testing.T) {
	_, shards, c := newCatalog(t, 1)
	ensure(t, c, "dogs", text("name")...)

	refusals := 3
	shards.before = func(op, _, _ string) error {
		if refusals--; refusals >= 0 {
			return fmt.Errorf("alter: %w", catalog.ErrBusy)
		}
		return nil
	}
	ensure(t, c, "dogs", text("breed")...)
	shards.check(t, c.Snapshot(), "dogs", "name", "breed")

	ctx, cancel := context.WithCancel(t.Context())
	shards.before = func(op, _, _ string) error {
		cancel()
		return fmt.Errorf("alter: %w", catalog.ErrBusy)
	}
	_, err := c.EnsureFamily(ctx, "dogs", text("owner"))
	if !errors.Is(err, catalog.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want busy and cancelled", err)
	}
	// What that call intended is added by the next, together with its own.
	shards.before = nil
	if change := ensure(t, c, "dogs", text("age")...); !slices.Equal(change.Added, []string{"age"}) {
		t.Errorf("added %v, want only its own", change.Added)
	}
	shards.check(t, c.Snapshot(), "dogs", "name", "breed", "owner", "age")
	if got := shards.changes("dogs"); !slices.Equal(got[len(got)-2:], []string{"add", "add"}) || len(got) != 7 {
		t.Errorf("changes %v, want one addition after the busy one", got)
	}
}

func TestShardErrorsPassThrough(t *testing.T) {
	_, shards, c := newCatalog(t, 1)
	broken := fmt.Errorf("connection: %w", context.DeadlineExceeded)
	shards.before = func(string, string, string) error { return broken }
	_, err := c.EnsureFamily(t.Context(), "dogs", nil)
	if !errors.Is(err, broken) || errors.Is(err, catalog.ErrUnavailable) {
		t.Errorf("error %v, want the shard's alone", err)
	}
	if _, ok := refresh(t, c).Table("dogs"); ok {
		t.Error("the snapshot shows a family without a table")
	}
}

func TestWithoutDDL(t *testing.T) {
	c := newDatabase(t).open(t, store.Config{})
	addShards(t, c, 1)
	if _, err := c.EnsureFamily(t.Context(), "dogs", nil); err == nil {
		t.Error("a family without a table")
	}
}

func TestWideFamily(t *testing.T) {
	d, shards, c := newCatalog(t, 1)
	names := make([]string, catalog.MaxFields)
	for i := range names {
		names[i] = fmt.Sprintf("field%d", i)
	}
	ensure(t, c, "wide", text(names...)...)
	other := d.open(t, store.Config{})
	shards.check(t, other.Snapshot(), "wide", names...)
	table, _ := other.Snapshot().Table("wide")
	if got := columnNames(table)[1:]; !slices.Equal(got, names) {
		t.Errorf("columns are not in the order of the fields: %v", got)
	}
	if table.Groups() != 14 {
		t.Errorf("%d groups, want 14", table.Groups())
	}
}
