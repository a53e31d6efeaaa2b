package router

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/guard"
	"github.com/kolide/databalancer/router/resolve"
)

// FuzzPlan checks that whatever is planned runs on its shard alone: each
// step's statement, planned again with the tables of its shard and no others,
// is a single statement there, of as many columns as the plan expects, and has no
// more table references than the query.
func FuzzPlan(f *testing.F) {
	for _, file := range []string{"equal", "wide", "concat"} {
		text, err := os.ReadFile("testdata/" + file + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f.Add(strings.ReplaceAll(spell(line, "wide_"), "DB", "db"))
		}
	}
	text := strings.NewReplacer("%a", "a", "%b", "b", "%s", "a b").Replace(tables) + wideTablesOnB
	snap := catalogtest.Parse(f, "shards a b"+text)
	alone := map[string]*catalog.Snapshot{"a": onlyOn(snap, "a"), "b": onlyOn(snap, "b")}
	router, remembering := New(Config{Database: "db"}), New(Config{Database: "db", PlanBytes: 1 << 20})
	f.Fuzz(func(t *testing.T, query string) {
		q := Query{SQL: query, MaxRows: len(query) % 3}
		for _, other := range append(otherValues(q), q) {
			samePlan(t, router, remembering, snap, other)
		}
		plan, err := router.Plan(snap, q)
		if err != nil {
			var refused *fault.Error
			if !errors.As(err, &refused) {
				t.Fatalf("%q: %v", query, err)
			}
			return
		}
		most := countReferences(t, snap, query)
		shipped := map[string]*catalog.Table{}
		for i, step := range plan.Steps {
			snap := alone[step.Shard]
			if plan.Kind == Gather && i == len(plan.Steps)-1 {
				snap = with(snap, shipped)
			}
			again, err := router.Plan(snap, Query{SQL: visible(step.SQL)})
			if err != nil {
				t.Fatalf("%q\n%s\n%v", query, plan, err)
			}
			if again.Kind != Single || again.Steps[0].Shard != step.Shard {
				t.Fatalf("%q\n%s\nplanned again: %s", query, plan, again)
			}
			if n := countReferences(t, snap, visible(step.SQL)); n > most {
				t.Fatalf("%q\n%s\n%s: %d references, the query has %d", query, plan, step.SQL, n, most)
			}
			if step.Ship != nil {
				shipped[step.Ship.Into] = temporaryTable(step, again.Columns)
				continue
			}
			if len(again.Columns) != len(plan.Columns) && again.Columns != nil && plan.Columns != nil {
				t.Fatalf("%q\n%s\n%d columns, want %d", query, plan, len(again.Columns), len(plan.Columns))
			}
		}
	})
}

// countReferences returns the number of table references of a query, with each WITH
// multiplied out.
func countReferences(t *testing.T, snap *catalog.Snapshot, query string) int {
	st, err := guard.Parse(query, nil, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := resolve.Statement(snap, "db", st)
	if err != nil {
		t.Fatal(err)
	}
	return root.References()
}

// visible gives temporary tables names that a query may have.
func visible(sql string) string { return strings.ReplaceAll(sql, "databalancer", "gathered") }

func temporaryTable(step Step, columns []Column) *catalog.Table {
	t := &catalog.Table{Name: visible(step.Ship.Into), Kind: catalog.Registered}
	for i, c := range columns {
		t.Columns = append(t.Columns, catalog.Column{Name: visible(c.Name), Type: c.Type, Position: i})
	}
	return t
}

// with returns a shard's snapshot with temporary tables.
func with(snap *catalog.Snapshot, temporary map[string]*catalog.Table) *catalog.Snapshot {
	var tables []*catalog.Table
	snap.Tables(func(t *catalog.Table) bool { tables = append(tables, t); return true })
	for _, t := range temporary {
		t.Placements = []catalog.Placement{{Shard: snap.Shards()[0].Name}}
		tables = append(tables, t)
	}
	return catalog.NewSnapshot(1, slices.Clone(snap.Shards()), tables)
}

const wideTablesOnB = `
wide_w on b: id int, name text, flag bool/1, doc json
wide_v on b: size int, flag bool/1, id int, doc json/2`

// onlyOn returns the part of a snapshot that one shard has.
func onlyOn(snap *catalog.Snapshot, shard string) *catalog.Snapshot {
	var tables []*catalog.Table
	for t := range snap.Tables {
		if t.On(shard) {
			part := *t
			part.Placements = []catalog.Placement{{Shard: shard}}
			tables = append(tables, &part)
		}
	}
	only, _ := snap.Shard(shard)
	return catalog.NewSnapshot(1, []catalog.Shard{*only}, tables)
}
