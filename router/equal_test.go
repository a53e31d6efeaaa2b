package router

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
)

// TestSingleEqualsOriginal runs each query as the client wrote it and as it
// is planned.
func TestSingleEqualsOriginal(t *testing.T) {
	s := newShard(t, schema, dogsAndCats, rawOnA)
	snap := snapshot(t, sameShard(tables))
	router := New(Config{Database: s.database})
	queries(t, "testdata/equal.txt", func(t *testing.T, query string) {
		query = regexp.MustCompile(`\bDB\b`).ReplaceAllString(query, s.database)
		plan := planOf(t, router, snap, Query{SQL: query, Dialect: s.dialect()})
		if plan.Kind != Single {
			t.Fatalf("%s: %s", query, plan)
		}
		compare(t, s, query, plan, s.original(t, query))
	})
}

// TestMaxRows checks that a limit cuts a result without changing its rows.
func TestMaxRows(t *testing.T) {
	s := newShard(t, schema, dogsAndCats, rawOnA)
	snap := snapshot(t, sameShard(tables))
	router := New(Config{Database: s.database})
	queries(t, "testdata/equal.txt", func(t *testing.T, query string) {
		query = regexp.MustCompile(`\bDB\b`).ReplaceAllString(query, s.database)
		want := s.original(t, query)
		for _, limit := range []int{1, 3, 1000} {
			got := s.must(t, planOf(t, router, snap, Query{SQL: query, MaxRows: limit}).Steps[0].SQL)
			if n := min(len(want.rows), limit+1); len(got.rows) != n {
				t.Errorf("%s\n%d rows with a limit of %d, want %d", query, len(got.rows), limit, n)
			}
			if !isSubset(got, want) {
				t.Errorf("%s\nother rows with a limit of %d:\n%s\nwant some of\n%s", query, limit, got.sorted(), want.sorted())
			}
		}
	})
}

// plainTables are what the tables with hidden columns are compared with.
const plainTables = `
CREATE TABLE plain_w (id BIGINT PRIMARY KEY, name LONGTEXT, flag BOOLEAN, doc JSON);
CREATE TABLE plain_v (size BIGINT, flag BOOLEAN, id BIGINT PRIMARY KEY, doc JSON);
INSERT INTO plain_w VALUES (11, 't_a', 1, '{"k":1}'), (12, 't_b', 0, NULL), (14, NULL, NULL, '{"d":4}'), (20, 't_w', 1, '{"k":7}');
INSERT INTO plain_v VALUES (51, 1, 11, '{"k":1}'), (52, 1, 12, NULL), (53, NULL, 19, '{}'), (54, 0, 20, '{"k":8}')`

// wideTables returns the statements that make the tables with hidden columns.
// An attribute hides these on servers that can; without it they stand in the
// open.
func wideTables(attribute string) string {
	return strings.NewReplacer("HASH1", "`#1`", "HASH2", "`#2`", "HIDDEN", attribute).Replace(`
CREATE TABLE wide_w (id BIGINT PRIMARY KEY, name LONGTEXT, HASH1 JSON HIDDEN, flag BOOLEAN, doc JSON);
CREATE TABLE wide_v (size BIGINT, HASH2 JSON HIDDEN, flag BOOLEAN, id BIGINT PRIMARY KEY, doc JSON, HASH1 JSON HIDDEN);
INSERT INTO wide_w (id, name, flag, doc, HASH1) SELECT id, name, flag, doc, JSON_OBJECT('n', id) FROM plain_w;
INSERT INTO wide_v (id, size, flag, doc, HASH1) SELECT id, size, flag, doc, JSON_OBJECT('m', id) FROM plain_v`)
}

var wideCatalog = sameShard(tables) + `
wide_w on a: id int, name text, flag bool/1, doc json
wide_v on a: size int, flag bool/1, id int, doc json/2`

// spell puts tables into the place of W and V in a query.
func spell(query, prefix string) string {
	return regexp.MustCompile(`\b[WV]\b`).ReplaceAllStringFunc(query, func(name string) string {
		return prefix + strings.ToLower(name)
	})
}

// TestWideEqualsPlain compares tables with hidden columns, which the server
// may show or hide, with tables without.
func TestWideEqualsPlain(t *testing.T) {
	snap := snapshot(t, wideCatalog)
	attributes := []string{"", "INVISIBLE"}
	if !localtest.Backend(t).Invisible() {
		attributes = attributes[:1]
	}
	for _, attribute := range attributes {
		t.Run("hidden "+attribute, func(t *testing.T) {
			s := newShard(t, schema, dogsAndCats, plainTables, wideTables(attribute))
			router := New(Config{Database: s.database})
			queries(t, "testdata/wide.txt", func(t *testing.T, query string) {
				wide := spell(query, "wide_")
				plan := planOf(t, router, snap, Query{SQL: wide})
				compare(t, s, wide, plan, s.must(t, spell(query, "plain_")))
			})
		})
	}
}

// TestConcatEqualsWhole compares plans over two shards with the same query
// over one database that has all rows.
func TestConcatEqualsWhole(t *testing.T) {
	whole := newShard(t, schema, dogsAndCats, rawOnA, rawOnB, "ALTER TABLE split DROP COLUMN `#1`")
	shards := map[string]*shard{
		"a": newShard(t, schema, dogsAndCats, rawOnA, "DROP TABLE bird;\nDROP TABLE fish"),
		"b": newShard(t, schema, dogsAndCats, rawOnB, "DROP TABLE dog;\nDROP TABLE Cat;\nDROP TABLE people"),
	}
	snap := snapshot(t, tables)
	router := New(Config{Database: "unused"})
	queries(t, "testdata/concat.txt", func(t *testing.T, query string) {
		want := whole.must(t, query)
		plan := planOf(t, router, snap, Query{SQL: query})
		if plan.Kind != Concat || len(plan.Steps) < 2 {
			t.Fatalf("%s: %s", query, plan)
		}
		compareConcat(t, shards, plan, want)
		limited := planOf(t, router, snap, Query{SQL: query, MaxRows: 1})
		if got := runConcat(t, shards, limited); !isSubset(got, want) || len(got.rows) < min(2, len(want.rows)) {
			t.Errorf("%s\n%s\nwith a limit:\n%s\nwant some of:\n%s", query, limited, got.sorted(), want.sorted())
		}
	})
}

func compareConcat(t *testing.T, shards map[string]*shard, plan *Plan, want *reply) {
	t.Helper()
	got := runConcat(t, shards, plan)
	if g, w := got.sorted(), want.sorted(); g != w {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", plan, g, w)
	}
	if strings.Join(got.columns, "|") != strings.Join(want.columns, "|") {
		t.Errorf("%s\ngot %q, want %q", plan, got.columns, want.columns)
	}
	checkColumns(t, plan.Columns, got)
}

// runConcat runs a plan's steps; the columns are those of the first.
func runConcat(t *testing.T, shards map[string]*shard, plan *Plan) *reply {
	t.Helper()
	var all *reply
	for _, step := range plan.Steps {
		res := shards[step.Shard].must(t, step.SQL)
		if all == nil {
			all = res
			continue
		}
		all.rows = append(all.rows, res.rows...)
	}
	return all
}

func planOf(t *testing.T, r *Router, snap *catalog.Snapshot, q Query) *Plan {
	t.Helper()
	plan, err := r.Plan(snap, q)
	if err != nil {
		t.Fatalf("%s: %v", q.SQL, err)
	}
	return plan
}

// compare checks that a single plan returns what it should.
func compare(t *testing.T, s *shard, query string, plan *Plan, want *reply) {
	t.Helper()
	got := s.must(t, plan.Steps[0].SQL)
	if strings.Join(got.columns, "|") != strings.Join(want.columns, "|") {
		t.Errorf("%s\n%s\ngot columns %q\nwant %q", query, plan, got.columns, want.columns)
	}
	if strings.Join(got.types, "|") != strings.Join(want.types, "|") {
		t.Errorf("%s\n%s\ngot types %q\nwant %q", query, plan, got.types, want.types)
	}
	if g, w := got.sorted(), want.sorted(); g != w {
		t.Errorf("%s\n%s\ngot:\n%s\nwant:\n%s", query, plan, g, w)
	}
	checkColumns(t, plan.Columns, got)
}

// isSubset reports whether each row of part is in whole, as often at least.
func isSubset(part, whole *reply) bool {
	left := make(map[string]int)
	for _, row := range whole.rows {
		left[strings.Join(row, " ")]++
	}
	for _, row := range part.rows {
		key := strings.Join(row, " ")
		if left[key]--; left[key] < 0 {
			return false
		}
	}
	return true
}
