package router

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/router/tree"
	"golang.org/x/tools/txtar"
)

// goldenQueries calls f with the catalog and the queries of each golden file.
func goldenQueries(t testing.TB, f func(snap *catalog.Snapshot, q Query)) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		archive := txtar.Parse(text)
		snap := catalogtest.Parse(t, string(archive.Files[0].Data))
		for i := 1; i < len(archive.Files); i += 2 {
			f(snap, goldenQuery(t, archive.Files[i]))
		}
	}
}

// TestRememberedPlans plans each golden query anew, and by what is remembered: of
// itself, and of a query with other values.
func TestRememberedPlans(t *testing.T) {
	fresh := New(Config{Database: "db"})
	open := 0
	goldenQueries(t, func(snap *catalog.Snapshot, q Query) {
		router := New(Config{Database: "db", PlanBytes: 1 << 20})
		samePlan(t, fresh, router, snap, q)
		samePlan(t, fresh, router, snap, q)
		for _, other := range otherValues(q) {
			before := router.PlanStats().Hits
			samePlan(t, fresh, router, snap, other)
			if router.PlanStats().Hits > before {
				open++
			}
			samePlan(t, fresh, router, snap, q)
		}
	})
	if open < 60 {
		t.Errorf("only %d queries had a plan that was made for other values", open)
	}
}

// samePlan compares what a router that remembers makes of a query with what one
// makes that doesn't.
func samePlan(t *testing.T, fresh, remembering *Router, snap *catalog.Snapshot, q Query) {
	t.Helper()
	want, wantErr := fresh.Plan(snap, q)
	got, err := remembering.Plan(snap, q)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%s: %v, but anew %v", q.SQL, err, wantErr)
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nremembered:\n%sanew:\n%s", q.SQL, got, want)
	}
	if got != nil {
		withoutHoles(t, reflect.ValueOf(got).Elem())
	}
}

// withoutHoles fails where any text of a plan has a hole, whether or not texts
// lists it.
func withoutHoles(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if strings.IndexByte(v.String(), tree.HoleMark) >= 0 {
			t.Errorf("a hole is left in %q", v)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			withoutHoles(t, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			withoutHoles(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			withoutHoles(t, v.Field(i))
		}
	}
}

var constants = regexp.MustCompile(`\b\d+\b|'[^'\\]*'`)

// otherValues returns queries that differ from q in one constant.
func otherValues(q Query) (others []Query) {
	for _, at := range constants.FindAllStringIndex(q.SQL, 20) {
		old := q.SQL[at[0]:at[1]]
		values := []string{"'other'", "'it''s'", "'2026-11-29T00:00:00+02:00'", "''"}
		if n, err := strconv.Atoi(old); err == nil {
			values = []string{strconv.Itoa(n + 1), "9223372036854775807", "1.5"}
		}
		for _, value := range values {
			other := q
			other.SQL = q.SQL[:at[0]] + value + q.SQL[at[1]:]
			others = append(others, other)
		}
	}
	return others
}
