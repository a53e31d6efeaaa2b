package resolve

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/guard"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

const sizeTables = "shards a\nt on a: id int, n int\nu on a: id int\n"

// chain returns n queries in a WITH, each of which is body over the one before,
// whose name stands for %s.
func chain(n int, body, last string) string {
	ctes := []string{"c0 AS (SELECT id AS x, n AS y FROM t)"}
	for i := range n {
		ctes = append(ctes, fmt.Sprintf("c%d AS (%s)", i+1, strings.ReplaceAll(body, "%s", fmt.Sprintf("c%d", i))))
	}
	return "WITH " + strings.Join(ctes, ", ") + " " + strings.ReplaceAll(last, "%s", fmt.Sprintf("c%d", n))
}

func TestReferences(t *testing.T) {
	for _, c := range []struct {
		rule, query string
		want        int
	}{
		{"none", "SELECT 1", 0},
		{"tables", "SELECT * FROM t, u JOIN t AS v", 3},
		{"DUAL is none", "SELECT 1 FROM dual", 0},
		{"a derived table and what is in it", "SELECT * FROM (SELECT * FROM t) d", 2},
		{"arms", "SELECT id FROM t UNION SELECT id FROM u EXCEPT (SELECT id FROM t UNION ALL SELECT 1)", 3},
		{"subqueries wherever they are", `SELECT (SELECT MAX(id) FROM u), 1 IN (SELECT id FROM u) FROM t WHERE EXISTS (SELECT 1 FROM u)
			GROUP BY (SELECT 1 FROM u) HAVING n > (SELECT 1 FROM u) ORDER BY (SELECT 1 FROM u)`, 7},
		{"in a window", "SELECT SUM(id) OVER (ORDER BY (SELECT 1 FROM u)) FROM t", 2},
		{"in ON", "SELECT 1 FROM t JOIN u ON t.id = (SELECT 1 FROM u)", 3},
		{"JSON_TABLE", "SELECT * FROM t, JSON_TABLE('[1]', '$[*]' COLUMNS (a INT PATH '$')) j", 2},
		{"a WITH named once", "WITH c AS (SELECT id FROM t) SELECT * FROM c", 2},
		{"a WITH named twice", "WITH c AS (SELECT id FROM t) SELECT * FROM c, c AS d", 4},
		{"a WITH named by nobody", "WITH c AS (SELECT t.id FROM t, u) SELECT 1", 2},
		{"a WITH named by one that nobody names", "WITH c AS (SELECT id FROM t), d AS (SELECT c.id FROM c, c AS e) SELECT 1", 4},
		{"in other letters", "WITH c AS (SELECT id FROM t) SELECT * FROM C, c AS d", 4},
		{"a WITH that hides a table", "WITH t AS (SELECT id FROM t) SELECT * FROM t, t AS s", 4},
		{"a WITH that hides a WITH", "WITH c AS (SELECT t.id FROM t, u) SELECT * FROM (WITH c AS (SELECT 1 AS id) SELECT id FROM c) d, c", 5},
		{"a database bypasses it", "WITH t AS (SELECT u.id FROM u, u AS v) SELECT * FROM db.t, t AS s", 4},
		{"a recursion is one reference", "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, t WHERE n < 9) SELECT * FROM r, r AS s", 6},
		{"doubled three times", chain(3, "SELECT a.x FROM %s a, %s b", "SELECT * FROM %s"), 23},
	} {
		t.Run(c.rule, func(t *testing.T) {
			b := resolved(t, sizeTables, c.query)
			if got := b.References(); got != c.want {
				t.Errorf("%s: %d references, want %d", c.query, got, c.want)
			}
			if naive := naively(b.Node); naive != c.want {
				t.Errorf("%s: %d when they are counted one by one", c.query, naive)
			}
		})
	}
}

// TestLimitsOfSize has queries as large as they may be, and somewhat larger.
func TestLimitsOfSize(t *testing.T) {
	refs := func(n int) string {
		arms := make([]string, n/10)
		for i := range arms {
			arms[i] = "SELECT 1 FROM u a, u b, u c, u d, u e, u f, u g, u h, u i, u j"
		}
		return strings.Join(arms, " UNION ALL ")
	}
	values := strings.Repeat("1,", 999) + "1"
	for _, c := range []struct{ rule, query, refused string }{
		{"1,000 references", refs(1000), ""},
		{"and more", refs(1010), "the query has 1010 table references"},
		{"nine doublings", chain(8, "SELECT a.x FROM %s a, %s b", "SELECT * FROM %s"), ""},
		{"ten", chain(9, "SELECT a.x FROM %s a, %s b", "SELECT * FROM %s"), "the query has 1535 table references"},
		{"sixty", chain(60, "SELECT a.x FROM %s a, %s b", "SELECT * FROM %s"), "the query has more than 1000000000 table references"},
		{"in EXPLAIN", "EXPLAIN " + chain(60, "SELECT a.x FROM %s a, %s b", "SELECT * FROM %s"), "more than 1000000000"},
		{"values in a WITH", "WITH c AS (SELECT id FROM t WHERE id IN (" + values + ")) SELECT 1 FROM " + strings.Repeat("c, ", 40) + "c", ""},
		{"values in a WITH that is named ninety times", "WITH c AS (SELECT id FROM t WHERE id IN (" + values + ")) " +
			strings.Repeat("SELECT id FROM c UNION ALL ", 89) + "SELECT 1 FROM c", ""},
		{"a hundred times", "WITH c AS (SELECT id FROM t WHERE id IN (" + values + ")) " +
			strings.Repeat("SELECT id FROM c UNION ALL ", 99) + "SELECT 1 FROM c", "names, values and columns"},
		{"columns", "WITH c AS (SELECT " + strings.Repeat("1,", 999) + "1) " + strings.Repeat("SELECT 1 FROM c UNION ALL ", 99) + "SELECT 1 FROM c", "names, values and columns"},

		{"a sum over sums", chain(12, "SELECT x + x AS x FROM %s", "SELECT COUNT(*) FROM %s WHERE x > 1"), ""},
		{"too high a tower", chain(24, "SELECT x + x AS x FROM %s", "SELECT COUNT(*) FROM %s WHERE x > 1"), "names, values and columns"},
		{"of sixty storeys", chain(60, "SELECT x + x AS x FROM %s", "SELECT SUM(x) FROM %s"), "more than 1000000000 names"},
		{"of groups", chain(24, "SELECT x + x AS x FROM %s GROUP BY x + x", "SELECT 1 FROM %s WHERE x > 1"), "names, values and columns"},
		{"of distinct rows", chain(24, "SELECT DISTINCT x + x AS x FROM %s", "SELECT 1 FROM %s WHERE x > 1"), "names, values and columns"},
		{"of unions", chain(24, "SELECT x + x AS x FROM %s UNION SELECT 1", "SELECT 1 FROM %s WHERE x > 1"), "names, values and columns"},
		{"of names", chain(24, "SELECT %s.x + X AS X FROM %s", "SELECT 1 FROM %s WHERE x > 1"), "names, values and columns"},
		{"of stars", chain(24, "SELECT * FROM (SELECT x + x AS x FROM %s) d", "SELECT 1 FROM %s WHERE x > 1"), "names, values and columns"},
		{"of column lists", strings.ReplaceAll(chain(24, "SELECT x + x FROM %s", "SELECT 1 FROM %s WHERE x > 1"), " AS (SELECT x", " (x) AS (SELECT x"), "names, values and columns"},
		{"of names without columns that can be told", chain(24, "SELECT x + x AS x, ' x' FROM %s", "SELECT 1 FROM %s WHERE x > 1"), "names, values and columns"},
		{"in a subquery", chain(24, "SELECT x + x AS x FROM %s", "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM %s WHERE x > t.id)"), "names, values and columns"},
		{"of an outer column", chain(24, "SELECT (SELECT %s.x + %s.x FROM u) AS x FROM %s", "SELECT x FROM %s"), "names, values and columns"},
		{"of BETWEEN", chain(24, "SELECT x BETWEEN 0 AND 1 AS x FROM %s", "SELECT 1 FROM %s WHERE x"), "names, values and columns"},
		{"of CASE", chain(24, "SELECT CASE x WHEN 0 THEN 1 WHEN 1 THEN 2 END AS x FROM %s", "SELECT 1 FROM %s WHERE x"), "names, values and columns"},
		{"of rows", chain(24, "SELECT (x, y) > (1, 2) AS x, y FROM %s", "SELECT 1 FROM %s WHERE x"), "names, values and columns"},
		{"of lists of rows", chain(24, "SELECT (x, y) IN ((1, 2), (2, 3)) AS x, y FROM %s", "SELECT 1 FROM %s WHERE x"), "names, values and columns"},
		{"of NULLIF", "SELECT " + strings.Repeat("NULLIF(", 24) + "id" + strings.Repeat(", 1)", 24) + " FROM t", "names, values and columns"},
		{"of DECODE_HISTOGRAM", "SELECT DECODE_HISTOGRAM('a', DECODE_HISTOGRAM('a', DECODE_HISTOGRAM('a', id))) FROM t", "names, values and columns"},
		{"of aliases", "SELECT id" + strings.Repeat("+ id", 300) + " AS h FROM t HAVING h" + strings.Repeat("+ h", 300) + " > 1", "names, values and columns"},
		{"in ORDER BY of a UNION", "SELECT id" + strings.Repeat("+ id", 300) + " AS h FROM t UNION SELECT 1 ORDER BY h" + strings.Repeat("+ h", 300), "names, values and columns"},

		{"names do not add up", chain(40, "SELECT x, y, x + 1 AS z FROM %s", "SELECT * FROM %s WHERE x > 1"), ""},
		{"nor what has a LIMIT", chain(24, "SELECT x + x AS x FROM %s LIMIT 5", "SELECT 1 FROM %s WHERE x > 1"), ""},
		{"nor a UNION with one", chain(24, "SELECT x + x AS x FROM %s UNION SELECT 1 LIMIT 5", "SELECT 1 FROM %s WHERE x > 1"), ""},
		{"nor aggregates", chain(24, "SELECT SUM(x) + SUM(x) AS x FROM %s", "SELECT 1 FROM %s WHERE x > 1"), ""},
		{"nor window functions", chain(24, "SELECT x + x + ROW_NUMBER() OVER (ORDER BY x) AS x FROM %s", "SELECT 1 FROM %s WHERE x > 1"), ""},
		{"nor a recursion", "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + x + x + x FROM r WHERE x < 9) SELECT x + x FROM r", ""},
		{"aliases are nothing to other fields", "SELECT " + strings.Repeat("id + id AS id, ", 50) + "1 FROM t HAVING id > 1", ""},
		{"nor to WHERE", "SELECT id" + strings.Repeat("+ id", 300) + " AS id FROM t WHERE id" + strings.Repeat("+ id", 300) + " > 1", ""},
		{"a long list", "SELECT id FROM t WHERE id + n - id * n IN (" + strings.Repeat("1,", 9000) + "1)", ""},
		{"subqueries in subqueries", "SELECT 1 FROM t WHERE id IN (" + strings.Repeat("SELECT id FROM u WHERE id IN (", 30) + "1" + strings.Repeat(")", 30) + ")", ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			st, err := guard.Parse(c.query, nil, guard.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = Statement(catalogtest.Parse(t, sizeTables), "db", st)
			switch {
			case c.refused == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.refused != "" && (fault.CodeOf(err) != fault.TooLarge || !strings.Contains(err.Error(), c.refused)):
				t.Fatalf("got %v, want %q", err, c.refused)
			}
		})
	}
}

// TestSizeIsToldAtOnce has the largest towers that fit into a query.
func TestSizeIsToldAtOnce(t *testing.T) {
	for _, body := range []string{"SELECT x+x AS x FROM %s", "SELECT a.x FROM %s a,%s b"} {
		query := chain(800, body, "SELECT 1 FROM %s")
		st, err := guard.Parse(query, nil, guard.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		snap := catalogtest.Parse(t, sizeTables)
		start := time.Now()
		if _, err = Statement(snap, "db", st); fault.CodeOf(err) != fault.TooLarge {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: %s", body, took)
		}
	}
}

// FuzzReferences checks that the number of references is the one that counting
// them one by one gives, where that is possible.
func FuzzReferences(f *testing.F) {
	for _, query := range []string{
		chain(3, "SELECT a.x FROM %s a, %s b", "SELECT * FROM %s"),
		"WITH a AS (SELECT 1 AS x), b AS (WITH a AS (SELECT x FROM a, t) SELECT x FROM a) SELECT * FROM a, b WHERE x IN (SELECT x FROM B)",
		"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n+1 FROM r WHERE n < 9), s AS (SELECT n FROM r) SELECT * FROM s, r, db.t",
		"(WITH a AS (SELECT id FROM t) SELECT id FROM a) UNION ALL SELECT id FROM (SELECT id FROM u) a",
		"WITH t AS (SELECT id FROM t) SELECT * FROM t WHERE EXISTS (WITH t AS (SELECT id FROM t, t AS v) SELECT 1 FROM t, u)",
	} {
		f.Add(query)
	}
	snap := catalogtest.Parse(f, sizeTables)
	f.Fuzz(func(t *testing.T, query string) {
		st, err := guard.Parse(query, nil, guard.Limits{})
		if err != nil {
			return
		}
		b, err := Statement(snap, "db", st)
		if err != nil {
			return
		}
		if naive := naively(b.Node); naive != b.References() {
			t.Errorf("%q: %d references, counted one by one %d", query, b.References(), naive)
		}
	})
}

// naively counts the references of a resolved query one by one.
func naively(query ast.Node) int {
	c := &counter{}
	query.Accept(c)
	return c.n
}

// naiveCTE is a query of a WITH, of those in scope the innermost first.
type naiveCTE struct {
	next  *naiveCTE
	name  string
	query ast.Node
	scope *naiveCTE // in which its own names are
	used  bool
}

// counter is a visitor that goes into the query of a WITH wherever it is named.
type counter struct {
	scope  *naiveCTE
	scopes []*naiveCTE // of the queries around
	n      int
	inside []ast.Node
}

func (c *counter) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.SelectStmt:
		return n, c.query(n, n.With)
	case *ast.SetOprStmt:
		return n, c.query(n, n.With)
	case *ast.SetOprSelectList:
		return n, c.query(n, n.With)
	case *ast.TableSource:
		c.n++
		if name, ok := n.Source.(*ast.TableName); ok && name.Schema.O == "" {
			c.follow(strings.ToLower(name.Name.O))
		}
	}
	return n, false
}

func (c *counter) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// query counts a query with its WITH, and reports that it has.
func (c *counter) query(query ast.Node, with *ast.WithClause) bool {
	if with == nil || len(c.inside) > 0 && c.inside[len(c.inside)-1] == query {
		return false
	}
	before := c.scope
	defer func() { c.scope = before }()
	for _, cte := range with.CTEs {
		n := &naiveCTE{next: c.scope, name: cte.Name.L, query: cte.Query.Query, scope: c.scope}
		if with.IsRecursive {
			n.scope = n
		}
		c.scope = n
	}
	c.inside = append(c.inside, query)
	c.into(query, with)
	c.inside = c.inside[:len(c.inside)-1]
	for n := c.scope; n != before; n = n.next {
		if !n.used {
			c.enter(n)
		}
	}
	return true
}

// into counts a query without its WITH.
func (c *counter) into(query ast.Node, with *ast.WithClause) {
	ctes := with.CTEs
	with.CTEs = nil
	query.Accept(c)
	with.CTEs = ctes
}

// follow counts what a name stands for.
func (c *counter) follow(name string) {
	for n := c.scope; n != nil; n = n.next {
		if n.name == name {
			n.used = true
			c.enter(n)
			return
		}
	}
}

func (c *counter) enter(n *naiveCTE) {
	for _, open := range c.scopes {
		if open == n { // a recursion
			return
		}
	}
	scope := c.scope
	c.scopes = append(c.scopes, n)
	c.scope = n.scope
	n.query.Accept(c)
	c.scope = scope
	c.scopes = c.scopes[:len(c.scopes)-1]
}
