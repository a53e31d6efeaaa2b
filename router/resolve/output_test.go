package resolve

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/router/guard"
)

// TestColumnsOfBlocks asks what the first block inside a query returns: the
// names and types of its columns, as far as the catalog has them. Whatever
// type is given here, servers must give as well.
func TestColumnsOfBlocks(t *testing.T) {
	const tables = `
shards a
logs on a: id int, n int, f float, ok bool, name text, at timestamp, doc json
more on a: id int, n int, f float, ok bool, name text, at timestamp, doc json
reference.r on a: id int, price decimal:decimal, day date:date, clock time:time, year year:year, raw bytes:blob, bits bit:bit
wide on a: id int, a text/1`
	set := func(arms string) string { return "SELECT 1 FROM (" + arms + ") x" }
	for _, c := range []struct{ rule, query, want string }{
		{"columns have the catalog's types", set("SELECT id, f, ok, name, at, doc FROM logs"), "id int, f float, ok bool, name text, at timestamp, doc json"},
		{"those of registered tables too", set("SELECT price, day, clock FROM r"), "price decimal, day date, clock time"},
		{"a name is what the client made of it", set("SELECT NAME, n AS m, (f) FROM logs l"), "NAME text, m int, f float"},
		{"what is computed has no type", set("SELECT n + 1 AS m, MAX(doc) AS d, 'x' AS s FROM logs"), "m, d, s"},
		{"NULL has one that gives way", set("SELECT NULL AS x"), "x null"},
		{"what is computed has the name that servers make of its text", "SELECT 1 FROM (SELECT n+1, -n FROM logs) x", "n+1, -n"},
		{"in a subquery it needs none", "SELECT (SELECT n + 1 FROM logs)", "-"},
		{"a string", "SELECT 1 IN (SELECT 'x y')", "x y"},
		{"a string with a blank before it, which servers cut off", "SELECT 1 IN (SELECT ' x')", "-"},
		{"a string with a control character", "SELECT 1 IN (SELECT 'x\ty')", "-"},
		{"a string beyond ASCII", "SELECT 1 IN (SELECT 'é')", "-"},
		{"a string of 64 characters", "SELECT 1 IN (SELECT '" + strings.Repeat("x", 64) + "')", strings.Repeat("x", 64)},
		{"a string of 65 characters, which servers cut off", "SELECT 1 IN (SELECT '" + strings.Repeat("x", 65) + "')", "-"},
		{"a string of a character set", "SELECT 1 IN (SELECT _latin1'x')", "-"},
		{"strings in a row, of which the first is the name", "SELECT 1 IN (SELECT 'x' 'y')", "-"},

		{"a star shows all", set("SELECT * FROM r"), "id int, price decimal, day date, clock time, year year, raw bytes, bits bit"},
		{"of one table", set("SELECT r.* FROM r, logs"), "id int, price decimal, day date, clock time, year year, raw bytes, bits bit"},
		{"and what is beside it", set("SELECT *, n + 1 AS m FROM (SELECT n FROM logs) y"), "n int, m"},
		{"merged columns once", set("SELECT * FROM (SELECT id, n FROM logs) a JOIN (SELECT id, f FROM more) b USING (id)"), "id int, n int, f float"},
		{"of tables whose columns cannot be told", set("SELECT * FROM (SELECT n, ' x' FROM logs) y"), "unknown"},
		{"not those that are hidden", set("SELECT * FROM wide"), "id int, a text"},
		{"nor of the one table", set("SELECT 1 AS one, w.*, n FROM wide AS w, logs"), "one, id int, a text, n int"},
		{"nor of merged ones", set("SELECT * FROM wide JOIN (SELECT id, n FROM logs) y USING (id)"), "id int, a text, n int"},
		{"a qualifier in other letters", set("SELECT WIDE.* FROM wide"), "id int, a text"},

		{"a derived table keeps types", set("SELECT y.n, d FROM (SELECT n, doc AS d FROM logs) y"), "n int, d json"},
		{"a column that two have has none", set("SELECT n FROM logs, more"), "n"},
		{"one that a query around has keeps it", "SELECT (SELECT logs.n FROM r) FROM logs", "n int"},

		{"arms keep bools", set("SELECT ok FROM logs UNION SELECT ok FROM more"), "ok bool"},
		{"texts", set("SELECT name FROM logs UNION ALL SELECT name FROM more"), "name text"},
		{"floats, times, dates and JSON", set("SELECT f, at, doc FROM logs EXCEPT SELECT f, at, doc FROM more"), "f float, at timestamp, doc json"},
		{"TIMEs and DATEs", set("SELECT clock, day FROM r UNION SELECT clock, day FROM r"), "clock time, day date"},
		{"but not integers, which may become DECIMALs with unsigned ones", set("SELECT id FROM logs UNION SELECT id FROM r"), "id"},
		{"nor DECIMALs, which may grow", set("SELECT price FROM r UNION SELECT price FROM r"), "price"},
		{"nor years, bytes and bits", set("SELECT year, raw, bits FROM r UNION SELECT year, raw, bits FROM r"), "year, raw, bits"},
		{"names are the first arm's", set("SELECT name AS a FROM logs UNION SELECT name AS b FROM more"), "a text"},
		{"different types have none", set("SELECT ok, name FROM logs UNION SELECT name, doc FROM more"), "ok, name"},
		{"what is computed has none in any arm", set("SELECT name FROM logs UNION SELECT 'x' UNION SELECT name FROM more"), "name"},
		{"NULL takes the type of what follows", set("SELECT NULL AS d UNION SELECT doc FROM logs"), "d json"},
		{"and of what comes before", set("SELECT doc FROM logs UNION SELECT NULL"), "doc json"},
		{"but not one that may change", set("SELECT NULL AS i UNION SELECT id FROM logs"), "i"},
		{"NULL alone stays NULL", set("SELECT NULL AS x UNION SELECT NULL"), "x null"},
		{"an arm of whose columns nothing is known", set("SELECT name FROM logs UNION SELECT * FROM (SELECT n, ' x' FROM logs) y"), "name"},
		{"a single arm is as it is", "SELECT 1 IN ((SELECT id FROM logs) LIMIT 3)", "id int"},

		{"a CTE keeps types", "WITH x AS (SELECT n, doc FROM logs) SELECT 1 FROM x", "n int, doc json"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			b := resolved(t, tables, c.query)
			if len(b.Inner) > 0 {
				b = b.Inner[0]
			}
			if got := columnsText(b.Columns); got != c.want {
				t.Errorf("%s\nreturns %s, not %s", c.query, got, c.want)
			}
		})
	}
}

func columnsText(columns []Column) string {
	if columns == nil {
		return "unknown"
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		if list[i] = strings.TrimSpace(c.Name + " " + string(c.Type)); list[i] == "" {
			list[i] = "-"
		}
	}
	return strings.Join(list, ", ")
}

// TestColumnsOfSources asks for the type of x.a, where x is what a FROM has.
func TestColumnsOfSources(t *testing.T) {
	const tables = "shards a\nlogs on a: id int, n int, doc json"
	for _, c := range []struct{ rule, query, want string }{
		{"a column list renames, and keeps types", "WITH x (a, b) AS (SELECT doc, n FROM logs) SELECT x.a FROM x", "a json"},
		{"one of another length is an error of the client's", "WITH x (a) AS (SELECT doc, n FROM logs) SELECT x.a FROM x", "a"},
		{"a recursive CTE has the types of its first arm, which servers may change", "WITH RECURSIVE x AS (SELECT doc AS a FROM logs UNION ALL SELECT a FROM x) SELECT x.a FROM x", "a"},
		{"one that is not recursive keeps them", "WITH RECURSIVE x AS (SELECT doc AS a FROM logs UNION ALL SELECT doc FROM logs) SELECT x.a FROM x", "a json"},
		{"a name that two columns have", "SELECT x.a FROM (SELECT n AS a, doc AS a FROM logs) x", "a"},
		{"a table that has no name for one of its columns", "SELECT x.a FROM (SELECT n AS a, ' x' FROM logs) x", "a"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got := columnsText(resolved(t, tables, c.query).Columns); got != c.want {
				t.Errorf("%s\nreturns %s, not %s", c.query, got, c.want)
			}
		})
	}
}

// TestColumnsRefused has stars of which it cannot be told what they show.
func TestColumnsRefused(t *testing.T) {
	const tables = "shards a\nlogs on a: id int, n int\nwide on a: id int, a text/1"
	for query, want := range map[string]string{
		"SELECT *":                      "SELECT * needs a FROM",
		"SELECT none.* FROM logs":       "unknown table `none`",
		"SELECT other.logs.* FROM logs": "unknown table `logs`",
		"SELECT * FROM wide JOIN (SELECT id, ' x' FROM logs) y USING (id)":       "name the columns",
		"SELECT * FROM wide w JOIN logs a JOIN logs b ON a.id = b.id USING (id)": "name the columns",
	} {
		st, err := guard.Parse(query, nil, guard.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if _, err := Statement(catalogtest.Parse(t, tables), "db", st); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, not %q", query, err, want)
		}
	}
}

// TestColumnsPublished leaves out the type that only the resolver knows.
func TestColumnsPublished(t *testing.T) {
	b := resolved(t, "shards a\nlogs on a: id int, n int", "SELECT n, NULL AS x, y.x AS z FROM logs, (SELECT NULL AS x) y")
	if got := columnsText(b.Columns); got != "n int, x, z" {
		t.Errorf("the statement returns %s", got)
	}
	if got := columnsText(b.Inner[0].Columns); got != "x null" {
		t.Errorf("the derived table in it returns %s", got)
	}
}
