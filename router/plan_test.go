package router

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/fault"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the plans in testdata")

// TestGoldenPlans runs the cases of testdata/*.txtar. A file has a catalog
// (see catalogtest.Parse), then any number of pairs: a query and its plan. The
// query's file name may hold "max=N".
func TestGoldenPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runGolden(t, file) })
	}
}

func runGolden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(text)
	if len(archive.Files) < 3 || archive.Files[0].Name != "catalog" || len(archive.Files)%2 == 0 {
		t.Fatal("not a catalog and pairs of a query and a plan")
	}
	snap := catalogtest.Parse(t, string(archive.Files[0].Data))
	for i := 1; i < len(archive.Files); i += 2 {
		query, plan := archive.Files[i], &archive.Files[i+1]
		if got := goldenPlan(t, snap, query); got != string(plan.Data) {
			if !*update {
				t.Errorf("%s\ngot:\n%swant:\n%s", query.Data, got, plan.Data)
			}
			plan.Data = []byte(got)
		}
	}
	if updated := txtar.Format(archive); *update && !bytes.Equal(updated, text) {
		if err := os.WriteFile(file, updated, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func goldenQuery(t testing.TB, query txtar.File) Query {
	q := Query{SQL: strings.TrimSpace(string(query.Data))}
	if _, options, ok := strings.Cut(query.Name, " max="); ok {
		if _, err := fmt.Sscan(options, &q.MaxRows); err != nil {
			t.Fatalf("%s: %v", query.Name, err)
		}
	}
	return q
}

func goldenPlan(t *testing.T, snap *catalog.Snapshot, query txtar.File) string {
	q := goldenQuery(t, query)
	plan, err := New(Config{Database: "db"}).Plan(snap, q)
	var refused *fault.Error
	switch {
	case errors.As(err, &refused):
		return fmt.Sprintf("%s: %s\n", refused.Code(), refused.Error())
	case err != nil:
		t.Fatalf("%s: %v", q.SQL, err)
	}
	return plan.String() + columnLine(plan.Columns)
}

func columnLine(columns []Column) string {
	if columns == nil {
		return "columns unknown\n"
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = strings.TrimSpace(c.Name + " " + string(c.Type))
	}
	return "columns " + strings.Join(names, ", ") + "\n"
}

// TestPlanConcurrently is for the race detector: one router and one snapshot
// serve many queries at once.
func TestPlanConcurrently(t *testing.T) {
	snap := catalogtest.Parse(t, "shards a b\ndog on a: id int, name text\nwide on b: id int, doc json/1")
	router := New(Config{Database: "db"})
	queries := []string{
		"select * from dog natural join (select 1 as id) x",
		"select * from wide union all select * from dog",
		"select * from raw_logs where family = 'dog'",
	}
	var group sync.WaitGroup
	for _, query := range queries {
		want, err := router.Plan(snap, Query{SQL: query})
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			group.Go(func() {
				for range 50 {
					if got, err := router.Plan(snap, Query{SQL: query}); err != nil || got.String() != want.String() {
						t.Errorf("got %s (%v), want %s", got, err, want)
					}
				}
			})
		}
	}
	group.Wait()
}
