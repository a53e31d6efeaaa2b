package resolve

import (
	"strings"
	"testing"
)

// exactTables are the tables of the blocks whose results may be stored.
const exactTables = `
shards a
logs on a: id int, n int, f float, ok bool, name text, at timestamp
docs on a: id int, doc json
reference.r on a: price decimal:decimal, dbl float:double, word text:varchar, en text:enum, se text:set, day date:date, clock time:time, year year:year, raw bytes:varbinary, bits bit:bit`

type exactCase struct {
	rule, query string
	want        bool
}

// checkExact asks of each query whether the result of the first block inside
// it may be stored in the block's place.
func checkExact(t *testing.T, cases []exactCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			b := resolved(t, exactTables, c.query).Inner[0]
			if got := b.Exact(); got != c.want {
				t.Errorf("%s: exact %v, not %v", c.query, got, c.want)
			}
		})
	}
}

// TestExactColumns has blocks that servers merge into the query around them:
// nothing is stored, so a value must be the same with all its digits.
func TestExactColumns(t *testing.T) {
	checkExact(t, []exactCase{
		{"a column as it is", "SELECT 1 FROM (SELECT n FROM logs) x", true},
		{"under another name", "SELECT 1 FROM (SELECT n AS m, l.name FROM logs l) x", true},
		{"in parentheses", "SELECT 1 FROM (SELECT ((n)) AS m FROM logs) x", true},
		{"with rows left out, in an order", "SELECT 1 FROM (SELECT n FROM logs WHERE n / 3 > 1 ORDER BY f) x", true},
		{"of either side of a join", "SELECT 1 FROM (SELECT l.n, r.price FROM logs l LEFT JOIN r ON r.price = l.n) x", true},
		{"a quotient has digits that are not stored", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs) x", false},
		{"nor is any other expression the same for sure", "SELECT 1 FROM (SELECT n + 0 AS t FROM logs) x", false},
		{"a literal is compared otherwise than a column", "SELECT 1 FROM (SELECT 'x' AS t, n FROM logs) x", false},
		{"one inexact column spoils the others", "SELECT 1 FROM (SELECT n, n / 3 AS t, id FROM logs) x", false},
		{"which of two columns it is cannot be told", "SELECT 1 FROM (SELECT id FROM logs JOIN docs USING (id)) x", false},
		{"a column of the query around it", "SELECT (SELECT logs.n FROM r) FROM logs", false},
		{"a scalar subquery", "SELECT (SELECT n FROM logs WHERE id = 1)", true},
		{"a scalar subquery of a quotient", "SELECT (SELECT n / 3 FROM logs WHERE id = 1)", false},
		{"an arm of a column", "SELECT n FROM logs UNION SELECT price FROM r", true},
		{"an arm of a quotient: the whole may keep more of its digits", "SELECT n / 3 FROM logs UNION SELECT price FROM r", false},
		{"an arm in parentheses", "(SELECT n FROM logs LIMIT 3) UNION SELECT price FROM r", true},
		{"a block of one arm", "SELECT n FROM logs UNION ((SELECT n FROM logs) LIMIT 3)", true},
	})
}

// TestExactStars has what * shows, which is as exact as where it comes from.
func TestExactStars(t *testing.T) {
	checkExact(t, []exactCase{
		{"all of a table", "SELECT 1 FROM (SELECT * FROM logs) x", true},
		{"all of one table of two", "SELECT 1 FROM (SELECT logs.* FROM logs, r) x", true},
		{"all of two tables", "SELECT 1 FROM (SELECT * FROM logs, r) x", true},
		{"all of a derived table of columns", "SELECT 1 FROM (SELECT * FROM (SELECT n FROM logs) y) x", true},
		{"of one of a quotient, which servers merge", "SELECT 1 FROM (SELECT * FROM (SELECT n / 3 AS t FROM logs) y) x", false},
		{"of one of a quotient, which they store", "SELECT 1 FROM (SELECT * FROM (SELECT DISTINCT n / 3 AS t FROM logs) y) x", true},
		{"of a table and a literal", "SELECT 1 FROM (SELECT * FROM logs, (SELECT 1 AS one) y) x", false},
		{"beside a recursive CTE inside itself", "SELECT 1 FROM (WITH RECURSIVE y AS (SELECT * FROM logs UNION ALL SELECT logs.* FROM logs, y) SELECT n FROM y) x", false},
		{"beside a table whose columns cannot be told", "SELECT 1 FROM (SELECT logs.* FROM logs, (SELECT * FROM (SELECT n, ' x' FROM logs) z) y) x", false},
		{"a column beside a *", "SELECT 1 FROM (SELECT *, n AS m FROM logs) x", true},
		{"a quotient beside a *", "SELECT 1 FROM (SELECT *, n / 3 AS t FROM logs) x", false},
		{"between two", "SELECT 1 FROM (SELECT l.*, l.n / 3 AS t, r.* FROM logs l JOIN r ON r.price = l.n) x", false},
		{"before one of a single column", "SELECT 1 FROM (SELECT n / 3 AS t, y.* FROM logs, (SELECT price FROM r) y) x", false},
		{"beside one, and stored", "SELECT 1 FROM (SELECT DISTINCT *, n / 3 AS t FROM logs) x", true},
		{"a literal beside one, and stored", "SELECT 1 FROM (SELECT DISTINCT *, 'x' AS t FROM logs) x", false},
		{"a column beside a * of merged columns, which are not counted", "SELECT 1 FROM (SELECT *, n AS m FROM logs JOIN (SELECT id FROM docs) y USING (id)) x", false},
		{"of a literal and a table", "SELECT 1 FROM (SELECT * FROM (SELECT 1 AS one) y, logs) x", false},
	})
}

// TestExactSources has columns that come out of blocks inside the block.
func TestExactSources(t *testing.T) {
	checkExact(t, []exactCase{
		{"a column of a derived table", "SELECT 1 FROM (SELECT y.n FROM (SELECT n FROM logs) y) x", true},
		{"of a CTE", "SELECT 1 FROM (WITH y AS (SELECT n FROM logs) SELECT n FROM y) x", true},
		{"two blocks down", "SELECT 1 FROM (SELECT n FROM (SELECT n FROM (SELECT n FROM logs) z) y) x", true},
		{"a quotient that servers merge", "SELECT 1 FROM (SELECT y.t FROM (SELECT n / 3 AS t FROM logs) y) x", false},
		{"a quotient that they store", "SELECT 1 FROM (SELECT y.t FROM (SELECT DISTINCT n / 3 AS t FROM logs) y) x", true},
		{"a quotient that they store two blocks down", "SELECT 1 FROM (SELECT t FROM (SELECT t FROM (SELECT n / 3 AS t FROM logs LIMIT 9) z) y) x", true},
		{"a quotient of a merged block, stored around it, is not looked into", "SELECT 1 FROM (SELECT t FROM (SELECT DISTINCT t FROM (SELECT n / 3 AS t FROM logs) z) y) x", false},
		{"a literal that they store", "SELECT 1 FROM (SELECT y.t FROM (SELECT DISTINCT 'x' AS t, n FROM logs) y) x", false},
		{"a column beside a quotient", "SELECT 1 FROM (SELECT y.n FROM (SELECT n, n / 3 AS t FROM logs) y) x", false},
		{"a recursive CTE, which has itself for a source", "SELECT 1 FROM (WITH RECURSIVE y AS (SELECT n FROM logs UNION ALL SELECT n FROM y) SELECT n FROM y) x", false},
	})
}

// TestExactWhereStored has what servers compute into a temporary table of
// their own (MySQL manual, "Optimizing Derived Tables"), with the digits that
// its columns have. Storing it once more changes nothing.
func TestExactWhereStored(t *testing.T) {
	checkExact(t, []exactCase{
		{"merged", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs) x", false},
		{"merged, and its order dropped", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs ORDER BY id) x", false},
		{"DISTINCT", "SELECT 1 FROM (SELECT DISTINCT n / 3 AS t FROM logs) x", true},
		{"GROUP BY", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs GROUP BY id) x", true},
		{"HAVING", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs HAVING t > 1) x", true},
		{"LIMIT", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs LIMIT 9) x", true},
		{"an aggregate", "SELECT 1 FROM (SELECT SUM(n) / 3 AS t FROM logs) x", true},
		{"a window function", "SELECT 1 FROM (SELECT n / 3 AS t, ROW_NUMBER() OVER (ORDER BY id) AS r FROM logs) x", true},
		{"a window function that nobody sees", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs ORDER BY ROW_NUMBER() OVER (ORDER BY id)) x", true},
		{"a set operation", "SELECT 1 FROM (SELECT n / 3 AS t FROM logs UNION ALL SELECT n FROM logs) x", true},
		{"a CTE", "WITH x AS (SELECT DISTINCT n / 3 AS t FROM logs) SELECT 1 FROM x", true},
		{"a CTE that is merged", "WITH x AS (SELECT n / 3 AS t FROM logs) SELECT 1 FROM x", false},
		{"a subquery is computed where it stands", "SELECT (SELECT DISTINCT n / 3 FROM logs)", false},
		{"an arm is a part of what is stored", "SELECT DISTINCT n / 3 FROM logs UNION SELECT price FROM r", false},
		{"stored, but of no rank to store: see rank_test.go", "SELECT 1 FROM (SELECT DISTINCT n, 'x' AS t FROM logs) x", false},
		{"a set operation of different widths, which servers refuse", "SELECT 1 FROM (SELECT n, name FROM logs UNION ALL SELECT n FROM logs) x", false},
		{"a set operation with an arm of no rank to store", "SELECT 1 FROM (SELECT name FROM logs UNION ALL SELECT 'x') x", false},
	})
}

// TestExactAggregates has subqueries, which servers do not store.
func TestExactAggregates(t *testing.T) {
	var cases []exactCase
	for want, list := range map[bool][]string{
		true: {
			"COUNT(*)", "COUNT(n / 3)", "COUNT(DISTINCT n, name)", "(COUNT(*))",
			"SUM(n)", "SUM(DISTINCT n)", "SUM((n))", "SUM(price)", "SUM(f)", "AVG(f)",
			"MIN(n)", "MAX(price)", "MIN(f)", "MAX(at)", "MIN(day)", "MAX(name)", "MIN(word)",
		},
		false: {
			"AVG(n)", "AVG(price)", // DECIMALs with more digits than they show
			"SUM(dbl)", "AVG(dbl)", "MIN(dbl)", // may be declared with fewer digits than it has
			"MAX(en)", "MIN(se)", // sort as numbers, and are no ENUM any more
			"SUM(name)", "SUM(at)", "AVG(day)", // numbers made of what is none
			"SUM(year)", "MAX(ok)", "MIN(clock)", "MAX(year)", "MIN(raw)", "MAX(bits)", // not looked into
			"SUM(n + 0)", "MAX(n / 3)", "SUM(1)", "COUNT(*) + 1", "MIN(none)",
			"STDDEV_POP(f)", "BIT_OR(n)", "GROUP_CONCAT(name)", "GROUP_CONCAT(name, word)",
			"SUM(n) OVER ()",
		},
	} {
		for _, call := range list {
			cases = append(cases, exactCase{call, "SELECT (SELECT " + call + " FROM logs, r)", want})
		}
	}
	checkExact(t, append(cases, []exactCase{
		{"a sum of a derived table's column, of whose type the catalog knows nothing", "SELECT (SELECT SUM(x.n) FROM (SELECT n FROM logs) x)", false},
		{"a sum of a column that the query around has", "SELECT (SELECT SUM(logs.n) FROM r) FROM logs", false},
		{"a sum of an inexact column", "SELECT (SELECT SUM(x.t) FROM (SELECT n / 3 AS t FROM logs) x)", false},
	}...))
}

// TestExactNames has names that a temporary table's column cannot have, or
// that a server might change.
func TestExactNames(t *testing.T) {
	named := func(names ...string) string {
		return "SELECT n AS `" + strings.Join(names, "`, n AS `") + "` FROM logs UNION SELECT 1"
	}
	checkExact(t, []exactCase{
		{"ASCII", named("a B-c.~"), true},
		{"64 characters", named(strings.Repeat("x", 64)), true},
		{"65 characters", named(strings.Repeat("x", 65)), false},
		{"a blank at the end", named("x "), false},
		{"a blank before the end", named("x y"), true},
		{"beyond ASCII", named("é"), false},
		{"a control character", named("x\ty"), false},
		{"a DEL", named("x\x7f"), false},
		{"two names", named("x", "y"), true},
		{"one name twice", named("x", "y", "x"), false},
		{"one name twice but for case", named("x", "X"), false},
		{"no name, as none is needed: it is given one", "SELECT (SELECT SUM(n) FROM logs)", true},
		{"no name, where none can be given beside a *", "SELECT EXISTS (SELECT *, n + 1 FROM logs)", false},
		{"no columns that could be told", "SELECT 1 IN (SELECT * FROM (SELECT n, ' x' FROM logs) x)", false},
	})
}

// TestExactJSON has JSON, which a server tells from text in its own tables
// alone.
func TestExactJSON(t *testing.T) {
	checkExact(t, []exactCase{
		{"a document", "SELECT 1 FROM (SELECT id, doc FROM docs) x", false},
		{"without the document", "SELECT 1 FROM (SELECT id FROM docs) x", true},
		{"among all columns", "SELECT 1 FROM (SELECT * FROM docs) x", false},
		{"renamed by a derived table", "SELECT 1 FROM (SELECT y.d FROM (SELECT doc AS d FROM docs) y) x", false},
		{"of a derived table, but not used", "SELECT 1 FROM (SELECT y.id FROM (SELECT id, doc FROM docs) y) x", true},
		{"of a CTE with a column list", "WITH x (d) AS (SELECT doc FROM docs) SELECT 1 FROM x", false},
		{"of all arms", "SELECT 1 FROM (SELECT doc FROM docs UNION SELECT doc FROM docs) x", false},
		{"of the one arm that is not NULL", "SELECT 1 FROM (SELECT NULL AS d UNION SELECT doc FROM docs) x", false},
		{"the log of raw_logs", "SELECT 1 FROM (SELECT log FROM raw_logs) x", false},
		{"the family of raw_logs", "SELECT 1 FROM (SELECT family FROM raw_logs) x", true},
	})
}

// TestExactRollup has rows in which columns are NULL that, for all that the
// server says of them, never are: a table with such columns does not take
// them.
func TestExactRollup(t *testing.T) {
	checkExact(t, []exactCase{
		{"groups", "SELECT 1 FROM (SELECT n, COUNT(*) AS c FROM logs GROUP BY n) x", true},
		{"with their sums", "SELECT 1 FROM (SELECT n, COUNT(*) AS c FROM logs GROUP BY n WITH ROLLUP) x", false},
		{"further in", "SELECT 1 FROM (SELECT y.n FROM (SELECT n FROM logs GROUP BY n WITH ROLLUP) y) x", false},
		{"in a subquery", "SELECT 1 FROM (SELECT id FROM logs WHERE n IN (SELECT n FROM logs GROUP BY n WITH ROLLUP)) x", false},
		{"beside it", "SELECT 1 FROM (SELECT n FROM logs) x, (SELECT n FROM logs GROUP BY n WITH ROLLUP) y", true},
	})
}

// TestMixesAggregates has first arms of set operations. What an aggregate's
// value is beside values of another kind, MariaDB decides by its being one.
func TestMixesAggregates(t *testing.T) {
	for _, c := range []struct {
		rule, query string
		want        bool
	}{
		{"a count beside a time", "SELECT COUNT(*) FROM logs UNION SELECT at FROM logs", true},
		{"in parentheses, behind it", "SELECT (COUNT(*)) FROM logs EXCEPT SELECT at FROM logs", true},
		{"beside a text", "SELECT SUM(n) FROM logs UNION ALL SELECT name FROM logs", true},
		{"beside what is not known", "SELECT COUNT(*) FROM logs UNION SELECT price FROM r", true},
		{"in the second column", "SELECT n, COUNT(*) FROM logs GROUP BY n UNION SELECT id, at FROM logs", true},
		{"beside the second arm's", "SELECT COUNT(*) FROM logs UNION (SELECT id FROM logs UNION SELECT at FROM logs)", true},
		{"beside a count", "SELECT COUNT(*) FROM logs UNION SELECT COUNT(id) FROM docs", false},
		{"beside a number", "SELECT COUNT(*) FROM logs UNION SELECT f FROM logs", false},
		{"a column beside a time", "SELECT n FROM logs UNION SELECT at FROM logs", false},
		{"a sum of an expression's own", "SELECT COUNT(*) + 1 FROM logs UNION SELECT at FROM logs", false},
	} {
		if got := resolved(t, exactTables, c.query).Arms[0].MixesAggregates(); got != c.want {
			t.Errorf("%s: %s: %v, not %v", c.rule, c.query, got, c.want)
		}
	}
}
