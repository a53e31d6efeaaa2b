package router

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
)

// FuzzPlan checks that whatever is planned runs on its shard alone: each
// step's statement, planned again with the tables of its shard and no others,
// is a single statement there, of as many columns as the plan expects.
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
	snap := parseCatalog(f, "shards a b"+text)
	alone := map[string]*catalog.Snapshot{"a": onlyOn(snap, "a"), "b": onlyOn(snap, "b")}
	router := New(Config{Database: "db"})
	f.Fuzz(func(t *testing.T, query string) {
		plan, err := router.Plan(snap, Query{SQL: query, MaxRows: len(query) % 3})
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) {
				t.Fatalf("%q: %v", query, err)
			}
			return
		}
		for _, step := range plan.Steps {
			again, err := router.Plan(alone[step.Shard], Query{SQL: step.SQL})
			if err != nil {
				t.Fatalf("%q\n%s\n%v", query, plan, err)
			}
			if again.Kind != Single || again.Steps[0].Shard != step.Shard {
				t.Fatalf("%q\n%s\nplanned again: %s", query, plan, again)
			}
			if len(again.Columns) != len(plan.Columns) && again.Columns != nil && plan.Columns != nil {
				t.Fatalf("%q\n%s\n%d columns, want %d", query, plan, len(again.Columns), len(plan.Columns))
			}
		}
	})
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
