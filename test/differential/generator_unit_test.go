package differential

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestGeneratorIsSeeded makes the same queries again from the same seed.
func TestGeneratorIsSeeded(t *testing.T) {
	seen := map[string]bool{}
	for i := range uint64(300) {
		one, two := newGenerator(7, i).generate().String(), newGenerator(7, i).generate().String()
		if one != two {
			t.Fatalf("query %d:\n%s\n%s", i, one, two)
		}
		seen[one] = true
	}
	if len(seen) < 290 {
		t.Errorf("only %d of 300 queries differ", len(seen))
	}
}

// TestGeneratorMakesEverything looks for each construct among the generated
// queries.
func TestGeneratorMakesEverything(t *testing.T) {
	const n = 3000
	var all []string
	joined := 0
	for i := range uint64(n) {
		q := newGenerator(1, i).generate().String()
		all = append(all, q)
		if strings.Contains(q, " JOIN ") {
			joined++
		}
	}
	for _, construct := range []string{"LEFT JOIN", "RIGHT JOIN", "CROSS JOIN", "NATURAL", "USING", "FROM (SELECT", "JOIN (SELECT", "WITH w", "WITH RECURSIVE",
		"UNION SELECT", "UNION ALL", "INTERSECT", "EXCEPT", "EXISTS (SELECT", "IN (SELECT", "NOT IN (SELECT", "ANY (SELECT", "ALL (SELECT", ", (SELECT",
		"GROUP BY", "WITH ROLLUP", "HAVING", "DISTINCT", "COUNT(DISTINCT", "GROUP_CONCAT", "STD", "BIT_XOR", "OVER (", "WINDOW", "ROWS BETWEEN", "LAG(",
		"ORDER BY", "LIMIT", "OFFSET", "JSON_OBJECT", "CASE WHEN", "COALESCE", "CAST(", "DATE_ADD", "<=>", "LIKE", "COLLATE", "raw_logs", "wide", "login"} {
		if !strings.Contains(strings.Join(all, "\n"), construct) {
			t.Errorf("none of %d queries has %s", n, construct)
		}
	}
	if joined < n/2 {
		t.Errorf("only %d of %d queries join", joined, n)
	}
}

func TestPlaceholders(t *testing.T) {
	n := piece(queryNode, "SELECT # = #, #", value("'it''s'"), value("1.50"), literal("DATE '2024-01-01'"))
	q := n.placeheld()
	if q.sql != "SELECT ? = ?, DATE '2024-01-01'" || fmt.Sprintf("%s", q.args) != `["it's" 1.50]` {
		t.Errorf("got %s with %s", q.sql, q.args)
	}
	bound, err := q.bound()
	if err != nil || bound != n.String() {
		t.Errorf("bound: %s, %v", bound, err)
	}
}

// TestRulesOfTrees reads from trees what is open of their answers.
func TestRulesOfTrees(t *testing.T) {
	item := func(alias string, a attributes) *node {
		n := piece(itemNode, "# AS "+alias, literal("x"))
		n.alias, n.is = alias, a
		return n
	}
	key := func(alias string) *node {
		k := piece(keyNode, "#", leaf(alias))
		k.alias = alias
		return k
	}
	block := func(order *node, items ...*node) *node {
		return piece(queryNode, "SELECT ##", several("", ", ", 1, items...), order)
	}
	none := several(orderBy, ", ", 0)
	whole := several(orderBy, ", ", 0, key("a"), key("x.id"))
	whole.total = 2
	set := piece(queryNode, "# UNION #", block(none, item("a", attributes{class: text})), block(none, item("b", attributes{approx: true})))
	set.distinct = true
	for name, test := range map[string]struct {
		tree *node
		want string
	}{
		"nothing":       {block(none, item("a", attributes{})), "map[0:{false false false}] 0 []"},
		"marks":         {block(none, item("a", attributes{open: true}), item("b", attributes{approx: true})), "map[0:{true false false} 1:{false true false}] 0 []"},
		"total":         {block(whole, item("a", attributes{})), "map[0:{false false false}] 1 []"},
		"by a column":   {block(several(orderBy, ", ", 0, key("b")), item("a", attributes{}), item("b", attributes{})), "map[0:{false false false} 1:{false false false}] 2 [1]"},
		"by a position": {block(several(orderBy, ", ", 0, key("1")), item("a", attributes{})), "map[0:{false false false}] 2 [0]"},
		"by the unseen": {block(several(orderBy, ", ", 0, key("x.id")), item("a", attributes{})), "map[0:{false false false}] 0 []"},
		"both arms":     {set, "map[0:{true true false}] 0 []"},
	} {
		r := test.tree.rules()
		if got := fmt.Sprint(r.marks, r.order, r.ties); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// TestShrinkTree reduces generated queries to what a fault needs.
func TestShrinkTree(t *testing.T) {
	for construct, most := range map[string]int{"EXISTS (": 50, "LEFT JOIN": 45, "GROUP_CONCAT(": 45, " UNION ": 50} {
		found := 0
		for i := uint64(0); found < 5; i++ {
			tree := newGenerator(3, i).generate()
			fails := func(n *node) bool { return strings.Contains(n.String(), construct) }
			if !fails(tree) {
				continue
			}
			found++
			small := shrinkTree(tree, time.Now().Add(time.Minute), fails)
			if !fails(small) || small.size() > most {
				t.Errorf("%s: %d of %d nodes are left: %s", construct, small.size(), tree.size(), small)
			}
		}
	}
}

func TestShrinkTokens(t *testing.T) {
	sql := "SELECT a.id, CONCAT(a.x, 'b)c', (1 + 2)) FROM t a LEFT JOIN (SELECT id FROM u WHERE x IN (1, 2)) b ON b.id = a.id WHERE a.x = 'it''s' ORDER BY 1"
	if got := joined(tokens(sql)); strings.Join(tokens(got), " ") != strings.Join(tokens(sql), " ") {
		t.Errorf("tokens are not kept: %s", got)
	}
	small := shrinkTokens(tokens(sql), time.Now().Add(time.Minute), func(s string) bool {
		return strings.HasPrefix(s, "SELECT") && strings.Contains(s, "IN(1") && strings.Count(s, "(") == strings.Count(s, ")")
	})
	if len(tokens(small)) > 8 {
		t.Errorf("left: %s", small)
	}
}

func TestReadListed(t *testing.T) {
	l, err := readListed("-- a comment: yes\n-- open: 1, 3\n-- approx: 2\n-- args: [1, \"x\"]\nSELECT (SELECT 1 ORDER BY 1), 'ORDER BY'\nFROM t WHERE a = ? AND b = ?")
	if err != nil || l.order != unordered || !l.marks[0].open || !l.marks[2].open || !l.marks[1].approx || len(l.args) != 2 || !strings.HasPrefix(l.sql, "SELECT") {
		t.Errorf("got %+v, %v", l, err)
	}
	for block, want := range map[string]order{
		"SELECT 1 ORDER BY 1":                           total,
		"-- ties: 1\nSELECT 1 ORDER BY 1":               byTies,
		"(SELECT 1 ORDER BY 1)":                         unordered,
		"SELECT SUM(a) OVER (ORDER BY b)":               unordered,
		"SELECT 1 FROM t WINDOW w AS (ORDER BY b)":      unordered,
		"(SELECT 1) UNION (SELECT 2) order\nby 1":       total,
		"SELECT `order by`, 'order by' FROM `ORDER` BY": unordered,
	} {
		if l, err := readListed(block); err != nil || l.order != want {
			t.Errorf("%s: got %v, %v", block, l.order, err)
		}
	}
	if _, err := readListed("-- open: x\nSELECT 1"); err == nil {
		t.Error("a directive without a number is accepted")
	}
}

// TestServersOfTheList has directives for some servers alone.
func TestServersOfTheList(t *testing.T) {
	l, err := readListed("-- fails on: MariaDB 10\n-- open on: MySQL\nSELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	for backend, want := range map[string]string{"MariaDB 10.11.14": "true ", "MariaDB 11.8.9": "false ", "MySQL 9.7.4": "false MySQL"} {
		if on := l.on(backend); fmt.Sprint(on.fails, " ", on.openOn) != want {
			t.Errorf("%s: fails %t, open %q, want %q", backend, on.fails, on.openOn, want)
		}
	}
}
