package router

import (
	"encoding/json"
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

// TestRememberedArguments has arguments of all kinds in all places.
func TestRememberedArguments(t *testing.T) {
	snap := catalogtest.Parse(t, "shards a b\ndog on a: id int, name text, weight int, at timestamp\nbird on b: id int, name text, at timestamp")
	fresh, remembering := New(Config{Database: "db"}), New(Config{Database: "db", PlanBytes: 1 << 20})
	values := []any{nil, int64(7), int64(0), int64(-7), json.Number("7"), json.Number("07"), json.Number("-0"), json.Number("1.50"), json.Number("0.5"), json.Number("01.5"),
		json.Number("1e3"), json.Number("18446744073709551615"), "x", "", "7", `it's \ "x" ` + "`y`\x00\n", "2026-11-29 10:00:00", "2026-11-29T10:00:00Z", "2026-11-29T10:00:00+01:00", "\xff", true, 1.5}
	for _, query := range []string{
		"SELECT * FROM dog WHERE name = ?",
		"SELECT name = ?, ? FROM dog WHERE name = ? AND id IN (1, ?, 3)",
		"SELECT * FROM dog WHERE id = 7 ORDER BY ? LIMIT ?",
		"SELECT * FROM dog JOIN bird USING (id) WHERE dog.name = ? AND bird.name LIKE ? AND dog.weight + ? > 5",
		"SELECT * FROM dog WHERE at > ? OR at = '2026-11-29T10:00:00Z' OR name = ?",
		"SELECT dog.* FROM dog JOIN bird USING (id) WHERE dog.at BETWEEN ? AND ? AND ? IN (bird.at, '2026-11-29 10:00:00')",
		"SELECT * FROM dog WHERE id BETWEEN ? AND ? UNION ALL SELECT * FROM bird WHERE name > ?",
	} {
		holes := strings.Count(query, "?")
		for _, v := range values {
			for _, w := range values {
				args := make([]any, holes)
				for i := range args {
					args[i] = []any{v, w}[i%2]
				}
				samePlan(t, fresh, remembering, snap, Query{SQL: query, Args: args})
			}
		}
		samePlan(t, fresh, remembering, snap, Query{SQL: query, Args: make([]any, holes+1)})
		samePlan(t, fresh, remembering, snap, Query{SQL: query})
	}
	if s := remembering.PlanStats(); s.Hits < 200 {
		t.Errorf("%d hits, %d misses", s.Hits, s.Misses)
	}
}

// TestPlansAreForgotten has a snapshot end what is remembered, and the limit what
// was not asked for.
func TestPlansAreForgotten(t *testing.T) {
	one := catalogtest.Parse(t, "shards a b\ndog on a: id int")
	other := catalogtest.Parse(t, "shards a b\ndog on b: id int")
	fresh, remembering := New(Config{Database: "db"}), New(Config{Database: "db", PlanBytes: 64 << 10})
	for _, snap := range []*catalog.Snapshot{one, other, one} {
		samePlan(t, fresh, remembering, snap, Query{SQL: "SELECT * FROM dog WHERE id = 1"})
	}
	if s := remembering.PlanStats(); s.Hits != 0 {
		t.Errorf("%d hits for other snapshots", s.Hits)
	}
	const often = "SELECT id FROM dog WHERE id = 1"
	samePlan(t, fresh, remembering, one, Query{SQL: often})
	before := remembering.PlanStats().Hits
	for i := range 1000 {
		samePlan(t, fresh, remembering, one, Query{SQL: fmt.Sprintf("SELECT id, %d FROM dog WHERE id = 1", i)})
		samePlan(t, fresh, remembering, one, Query{SQL: often})
	}
	s := remembering.PlanStats()
	if s.Hits-before != 1000 || s.Bytes > 64<<10 {
		t.Errorf("%d hits of 1000, and %d bytes", s.Hits-before, s.Bytes)
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
	if got != nil {
		got = got.copy()
		for i := range got.Steps {
			if ship := got.Steps[i].Ship; ship != nil {
				ship.ShapeKey = "" // has holes
			}
		}
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
		if hole(v.String()) >= 0 {
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

var constants = regexp.MustCompile(`\b\d+(?:\.\d+)?\b|'[^'\\]*'`)

// otherValues returns queries that differ from q in one constant.
func otherValues(q Query) (others []Query) {
	for _, at := range constants.FindAllStringIndex(q.SQL, 20) {
		old := q.SQL[at[0]:at[1]]
		values := []string{"'other'", "'it''s'", "'2026-11-29T00:00:00+02:00'", "''"}
		if n, err := strconv.Atoi(old); err == nil {
			values = []string{strconv.Itoa(n + 1), "9223372036854775807", "1.5", "12.25", "1.5e3", "1.", "0x1F"}
		}
		for _, value := range values {
			other := q
			other.SQL = q.SQL[:at[0]] + value + q.SQL[at[1]:]
			others = append(others, other)
		}
	}
	return others
}
