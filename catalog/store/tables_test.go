package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

func registered(name, shard, database string, columns ...catalog.Column) *catalog.Table {
	return &catalog.Table{Name: name, Database: database, Columns: columns, Placements: []catalog.Placement{{Shard: shard}}}
}

func TestRegisterTable(t *testing.T) {
	d := newDatabase(t)
	c, other := d.open(t, store.Config{DDL: newFakeShards(t)}), d.open(t, store.Config{})
	addShards(t, c, 2)
	columns := []catalog.Column{
		{Name: "Owner", Type: catalog.Text, DataType: "varchar"},
		{Name: "size", Type: catalog.Decimal, DataType: "decimal", Nullable: true, Position: 1},
	}
	if err := c.RegisterTable(t.Context(), registered("Owners", "s1", "crm", columns[:1]...)); err != nil {
		t.Fatal(err)
	}
	if err := c.RegisterTable(t.Context(), registered("Owners", "s1", "crm", columns...)); err != nil {
		t.Fatalf("again: %v", err)
	}
	for i, s := range []*catalog.Snapshot{c.Snapshot(), refresh(t, other)} {
		got, ok := s.Table("owners")
		if !ok || got.Name != "Owners" || got.Kind != catalog.Registered || got.Database != "crm" ||
			!slices.Equal(got.Columns, columns) || !slices.Equal(got.Placements, []catalog.Placement{{Shard: "s1"}}) {
			t.Errorf("catalog %d has %+v", i, got)
		}
	}
	if err := c.UnregisterTable(t.Context(), "owners"); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Snapshot().Table("owners"); ok {
		t.Error("still there")
	}
	if err := c.UnregisterTable(t.Context(), "owners"); !errors.Is(err, catalog.ErrUnknownTable) {
		t.Errorf("second time: %v", err)
	}
}

func TestRegisterTableRefusals(t *testing.T) {
	_, _, c := newCatalog(t, 2)
	ensure(t, c, "Dogs")
	if err := c.RegisterTable(t.Context(), registered("owners", "s0", "")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		table *catalog.Table
		want  error
	}{
		{"a family's", registered("dOGS", "s0", ""), catalog.ErrNameTaken},
		{"other shard", registered("owners", "s1", ""), catalog.ErrNameTaken},
		{"other database", registered("owners", "s0", "crm"), catalog.ErrNameTaken},
		{"other case", registered("Owners", "s0", ""), catalog.ErrNameTaken},
		{"raw_logs", registered("Raw_Logs", "s0", ""), catalog.ErrNameTaken},
		{"reserved", registered("databalancer_shard", "s0", ""), catalog.ErrNameTaken},
		{"unknown shard", registered("sizes", "s9", ""), catalog.ErrUnknownShard},
	} {
		if err := c.RegisterTable(t.Context(), test.table); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if err := c.RegisterTable(t.Context(), &catalog.Table{Name: "nowhere"}); err == nil {
		t.Error("a table without a placement")
	}
	if got := tableNames(refresh(t, c)); !slices.Equal(got, []string{"Dogs", "owners"}) {
		t.Errorf("tables %v", got)
	}
}
