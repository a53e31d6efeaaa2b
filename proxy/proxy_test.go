package proxy

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// seq yields rows 1 to n of MariaDB's and MySQL's common SQL.
func seq(n string) string {
	return "WITH RECURSIVE seq AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM seq WHERE n < " + n + ") SELECT n FROM seq"
}

func TestSingle(t *testing.T) {
	f := newFixture(t, 1)
	f.Exec(t, 0, "CREATE TABLE dogs (id BIGINT, name LONGTEXT, good BOOLEAN, tags JSON, weight DECIMAL(10,2), data BLOB)",
		`INSERT INTO dogs VALUES (1, 'spot', 1, '["a"]', 1.50, x'ff00'), (2, NULL, 0, NULL, NULL, '')`)
	plan := single("SELECT * FROM dogs ORDER BY id",
		router.Column{Name: "id", Type: catalog.Int}, router.Column{Name: "name", Type: catalog.Text},
		router.Column{Name: "good", Type: catalog.Bool}, router.Column{Name: "tags", Type: catalog.JSON},
		router.Column{Name: "weight"}, router.Column{Name: "data"})
	s, result, err := f.run(t, plan, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantColumns := []Column{{"id", catalog.Int}, {"name", catalog.Text}, {"good", catalog.Bool},
		{"tags", catalog.JSON}, {"weight", catalog.Decimal}, {"data", catalog.Bytes}}
	if !slices.Equal(s.columns, wantColumns) {
		t.Errorf("columns %v, want %v", s.columns, wantColumns)
	}
	wantRows := []string{"1 spot 1 [\"a\"] 1.50 \xff\x00", "2 NULL 0 NULL NULL "}
	if !slices.Equal(s.rows, wantRows) {
		t.Errorf("rows %q, want %q", s.rows, wantRows)
	}
	if !reflect.DeepEqual(result, Result{Rows: 2}) {
		t.Errorf("result %+v", result)
	}
	f.idle(t, "test")
}

func TestTruncation(t *testing.T) {
	f := newFixture(t, 2)
	tests := []struct {
		name    string
		plan    *router.Plan
		maxRows int
		want    Result
	}{
		{"below", single(seq("5")), 6, Result{Rows: 5}},
		{"exactly", single(seq("5")), 5, Result{Rows: 5}},
		{"above", single(seq("5")), 4, Result{Rows: 4, Truncated: true}},
		{"unbounded", single(seq("5")), 0, Result{Rows: 5}},
		{"within the first arm", concat(seq("5"), seq("5")), 3, Result{Rows: 3, Truncated: true}},
		{"at the end of the first arm", concat(seq("5"), seq("5")), 5, Result{Rows: 5, Truncated: true}},
		{"within the second arm", concat(seq("5"), seq("5")), 7, Result{Rows: 7, Truncated: true}},
		{"exactly both arms", concat(seq("5"), seq("5")), 10, Result{Rows: 10}},
		{"killed, not drained", single(wide), 10, Result{Rows: 10, Truncated: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, result, err := f.run(t, tt.plan, tt.maxRows)
			if err != nil || !reflect.DeepEqual(result, tt.want) || int64(len(s.rows)) != tt.want.Rows {
				t.Errorf("%+v with %d rows, %v; want %+v", result, len(s.rows), err, tt.want)
			}
			f.idle(t, "test")
		})
	}
}

func TestConcat(t *testing.T) {
	f := newFixture(t, 2)
	tests := []struct {
		name    string
		plan    *router.Plan
		columns []Column
		rows    []string
	}{
		{
			"rows in the arms' order, names of the first",
			concat("SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y' ORDER BY a", "SELECT 3 AS c, 'z' AS d"),
			[]Column{{"a", catalog.Int}, {"b", catalog.Text}},
			[]string{"1 x", "2 y", "3 z"},
		},
		{
			"a bare NULL has any type",
			concat("SELECT NULL AS a, 1.50 AS b, NULL AS c", "SELECT 1, NULL, NULL"),
			[]Column{{"a", catalog.Int}, {"b", catalog.Decimal}, {"c", catalog.Text}},
			[]string{"NULL 1.50 NULL", "1 NULL NULL"},
		},
		{
			"empty arms",
			concat("SELECT 1 AS a FROM dual WHERE 1 = 0", "SELECT 2"),
			[]Column{{"a", catalog.Int}},
			[]string{"2"},
		},
		{
			"several arms on one shard",
			&router.Plan{Kind: router.Concat, Steps: []router.Step{
				{Shard: "s1", SQL: "SELECT 1 AS a"}, {Shard: "s0", SQL: "SELECT 2"}, {Shard: "s1", SQL: "SELECT 3"}}},
			[]Column{{"a", catalog.Int}},
			[]string{"1", "2", "3"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _, err := f.run(t, tt.plan, 0)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.columns, tt.columns) || !slices.Equal(s.rows, tt.rows) {
				t.Errorf("%v %q, want %v %q", s.columns, s.rows, tt.columns, tt.rows)
			}
			f.idle(t, "test")
		})
	}
}

func TestConcatTypesDiffer(t *testing.T) {
	f := newFixture(t, 2)
	const definition = "CREATE TABLE t (i BIGINT, u BIGINT UNSIGNED, f FLOAT, d DOUBLE, e DECIMAL(10,2), s DATETIME, s6 DATETIME(6), x TEXT, y BLOB, b BINARY(3), v VARBINARY(3), r YEAR, f3 FLOAT(10,3), d1 DOUBLE(10,1))"
	f.Exec(t, 0, definition)
	f.Exec(t, 1, definition)
	tests := []struct{ first, second, names string }{
		{"i", "x", "BIGINT in one SELECT and TEXT in another"},
		{"i", "u", "BIGINT in one SELECT and BIGINT UNSIGNED in another"},
		{"i", "e", "BIGINT in one SELECT and DECIMAL with 2 fractional digits"},
		{"e", "CAST(1 AS DECIMAL(10,3))", "DECIMAL with 2 fractional digits in one SELECT and DECIMAL with 3"},
		{"f", "d", "FLOAT in one SELECT and DOUBLE in another"},
		{"s", "s6", "DATETIME with 0 fractional digits in one SELECT and DATETIME with 6"},
		{"x", "y", "TEXT in one SELECT and BLOB in another"},
		{"b", "v", "BINARY in one SELECT and VARBINARY in another"},
		{"b", "b", "BINARY in one SELECT and BINARY in another"},
		{"d", "d1", "DOUBLE with 1 fractional digits, which one server would convert"},
		{"f3", "f3", "which one server would convert"},
		{"r", "COALESCE(r)", "YEAR, which one server would convert"},
		{"i", "i, i", "different number of columns: 1 and 2"},
	}
	for _, tt := range tests {
		t.Run(tt.first+" "+tt.second, func(t *testing.T) {
			s, _, err := f.run(t, concat("SELECT "+tt.first+" FROM t", "SELECT "+tt.second+" FROM t"), 0)
			if fault.CodeOf(err) != fault.Unsupported || !strings.Contains(err.Error(), tt.names) {
				t.Errorf("%v, want an UnsupportedError that contains %q", err, tt.names)
			}
			if s.columns != nil {
				t.Error("the sink has been told columns")
			}
			f.idle(t, "test")
		})
	}
}

func TestStale(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 0, "CREATE TABLE dogs (id BIGINT, name TEXT)")
	id, name := router.Column{Name: "id"}, router.Column{Name: "name"}
	tests := []struct {
		name   string
		plan   *router.Plan
		number uint16 // 0: no server's error
	}{
		{"unknown table", single("SELECT * FROM cats"), 1146},
		{"unknown column", single("SELECT age FROM dogs"), 1054},
		{"unknown table in the second arm", concat("SELECT id FROM dogs", "SELECT id FROM dogs"), 1146},
		{"a column more than planned", single("SELECT * FROM dogs", id), 0},
		{"a column less than planned", single("SELECT * FROM dogs", id, name, name), 0},
		{"another name than planned", single("SELECT * FROM dogs", id, id), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := f.catalog.asked.Load()
			s, _, err := f.run(t, tt.plan, 0)
			if err == nil || f.catalog.asked.Load() != asked+1 {
				t.Fatalf("%v, and the catalog was not asked", err)
			}
			var server *shard.ServerError
			if got := errors.As(err, &server); got != (tt.number != 0) || got && server.Number != tt.number {
				t.Errorf("%v, want the server's error %d", err, tt.number)
			}
			if s.columns != nil {
				t.Error("the sink has been told columns")
			}
			f.idle(t, "test")
		})
	}
	if _, _, err := f.run(t, single("SELECT ID FROM dogs", id), 0); err != nil {
		t.Errorf("a name in another case: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	f := newFixture(t, 1, func(c *shard.Config) { c.QueryConns = 2 })
	step := router.Step{Shard: "s0", SQL: "SELECT 1"}
	for name, plan := range map[string]*router.Plan{
		"a kind of tomorrow":   {Kind: "scatter", Steps: []router.Step{step}},
		"no steps":             {Kind: router.Concat},
		"too many connections": {Kind: router.Concat, Steps: []router.Step{step, step, step}},
	} {
		if _, _, err := f.run(t, plan, 0); fault.CodeOf(err) != fault.Unsupported {
			t.Errorf("%s: %v, want an UnsupportedError", name, err)
		}
	}
	for _, id := range []string{"", "a b", "*/ DROP", strings.Repeat("x", 65), "é"} {
		if _, err := f.ask(t.Context(), id, single("SELECT 1"), 0, &sink{}); err == nil {
			t.Errorf("id %q was accepted", id)
		}
		if found, err := f.Cancel(t.Context(), id); found || err != nil {
			t.Errorf("id %q: %v, %v", id, found, err)
		}
	}
	plan := single("SELECT 1")
	plan.Steps[0].Shard = "nowhere"
	asked := f.catalog.asked.Load()
	if _, _, err := f.run(t, plan, 0); !errors.Is(err, shard.ErrUnreachable) || f.catalog.asked.Load() != asked+1 {
		t.Errorf("unknown shard: %v, or the catalog was not asked", err)
	}
	f.idle(t, "test")
}

// TestComputedBit refuses what the server sends as digits, though it calls it
// a BIT, and answers the BIT itself.
func TestComputedBit(t *testing.T) {
	f := newFixture(t, 1)
	f.Exec(t, 0, "CREATE TABLE t (b BIT(9))", "INSERT INTO t VALUES (341)")
	for _, plan := range []*router.Plan{
		single("SELECT MAX(b) AS m FROM t"), single("SELECT MAX(b) AS m FROM t", router.Column{Name: "m"}),
	} {
		if _, _, err := f.run(t, plan, 0); fault.CodeOf(err) != fault.Unsupported {
			t.Errorf("MAX: %v, want an UnsupportedError", err)
		}
	}
	s, _, err := f.run(t, single("SELECT b FROM t", router.Column{Name: "b", Type: catalog.Bit}), 0)
	if err != nil || len(s.rows) != 1 || s.rows[0] != "\x01\x55" {
		t.Errorf("the column: %q, %v", s.rows, err)
	}
}

// TestClock tells all arms of a plan one time, and later plans their own.
func TestClock(t *testing.T) {
	f := newFixture(t, 2)
	plan := concat("SELECT NOW(6), SLEEP(0.01)", "SELECT NOW(6), 0")
	for _, clock := range []bool{true, false, true} {
		plan.Clock = clock
		s, _, err := f.run(t, plan, 0)
		if err != nil || len(s.rows) != 2 {
			t.Fatalf("%q, %v", s.rows, err)
		}
		if same := s.rows[0] == s.rows[1]; same != clock {
			t.Errorf("one time %t: %q", clock, s.rows)
		}
	}
	first, _, _ := f.run(t, single("SELECT NOW(6)"), 0)
	second, _, _ := f.run(t, single("SELECT NOW(6)"), 0)
	if first.rows[0] == second.rows[0] {
		t.Errorf("the time stands still: %q", first.rows)
	}
}
