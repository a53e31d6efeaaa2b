package gather

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router"
)

func TestGather(t *testing.T) {
	f := newFixture(t, 3)
	shop(t, f)
	const byID = "SELECT c.name, COUNT(*) AS n, SUM(o.amount) AS sum FROM orders o JOIN t1 c ON c.id = o.customer GROUP BY c.name ORDER BY c.name"
	customers := shipping("s1", "t1", "SELECT id, uid, name FROM customers", "id", "uid")
	orders := shipping("s0", "t2", "SELECT customer, amount, uid FROM orders", "customer")
	tests := []struct {
		name string
		plan *router.Plan
		want []string
	}{
		{"home joins what is shipped", gathering("s0", byID, customers), []string{"one 15 187.50", "two 15 191.25", "zero 14 183.75"}},
		{"by text", gathering("s0", strings.ReplaceAll(byID, "c.id = o.customer", "c.uid = o.uid"), customers), []string{"one 15 187.50", "two 15 191.25", "zero 14 183.75"}},
		{"a home without tables", gathering("s2", strings.ReplaceAll(byID, "orders", "t2"), customers, orders), []string{"one 15 187.50", "two 15 191.25", "zero 14 183.75"}},
		{"home ships too", gathering("s1", "SELECT COUNT(*) AS n, SUM(t1.id) AS s FROM t1 JOIN t2 ON t1.id = t2.customer", customers, orders), []string{"44 45"}},
		{"several steps fill a table", gathering("s0", "SELECT SUM(n) AS n FROM t3",
			shipping("s0", "t3", "SELECT COUNT(*) AS n FROM orders"), shipping("s1", "t3", "SELECT COUNT(*) AS n FROM customers")), []string{"104"}},
		{"no rows", gathering("s0", "SELECT COUNT(*) AS n FROM t1", shipping("s1", "t1", "SELECT id, uid FROM customers WHERE id > 100", "uid")), []string{"0"}},
		{"several steps on a shard", gathering("s0", "SELECT a.n + b.n AS n FROM t4 a, t5 b",
			shipping("s1", "t4", "SELECT COUNT(*) AS n FROM customers"), shipping("s1", "t5", "SELECT MAX(id) AS n FROM customers")), []string{"13"}},
		{"no shipment", gathering("s0", "SELECT COUNT(*) AS n FROM orders"), []string{"100"}},
	}
	for _, tt := range tests {
		for _, again := range []string{"", ", again"} {
			t.Run(tt.name+again, func(t *testing.T) {
				s, err := f.run(t, tt.plan)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(s.rows, tt.want) || len(s.steps) != len(tt.plan.Steps) {
					t.Errorf("got %q, want %q", s.rows, tt.want)
				}
				f.left(t, "test")
			})
		}
	}
}

// A broadcast table is in the session of the shard that joins it, and only
// what the shards made of it comes home.
func TestBroadcast(t *testing.T) {
	f := newFixture(t, 3)
	for n, rows := range []string{"(1, 'a', 1), (2, 'b', 2)", "(3, 'A', 4), (4, 'c', 8)"} {
		f.Exec(t, n, "CREATE TABLE hits (id BIGINT PRIMARY KEY, url LONGTEXT, size INT)", "INSERT INTO hits VALUES "+rows)
	}
	f.Exec(t, 2, "CREATE TABLE pages (url LONGTEXT, title ENUM('x', '', 'z'))", "INSERT INTO pages VALUES ('a', 'z'), ('b', '')")
	to := func(at string) router.Step {
		s := shipping("s2", "t2", "SELECT url, title FROM pages", "url")
		s.Ship.At = at
		return s
	}
	part := func(at string) router.Step {
		s := shipping(at, "t1", "SELECT p.title AS k, SUM(h.size) AS v FROM hits h JOIN t2 p ON p.url = h.url GROUP BY p.title")
		s.After = []string{"t2"}
		return s
	}
	plan := gathering("s0", "SELECT k, SUM(v) AS v, k + 0 AS number FROM t1 GROUP BY k ORDER BY k", to("s0"), to("s1"), part("s0"), part("s1"))
	for range 2 {
		s, err := f.run(t, plan)
		if want := []string{" 2 2", "z 5 3"}; err != nil || !slices.Equal(s.rows, want) {
			t.Errorf("got %q, %v, want %q", s.rows, err, want)
		}
	}
	f.left(t, "test")
}

// Two shards may broadcast to each other in one plan.
func TestBroadcastBothWays(t *testing.T) {
	f := newFixture(t, 2)
	for n := range 2 {
		f.Exec(t, n, "CREATE TABLE big (v LONGTEXT)", "INSERT INTO big SELECT REPEAT('x', 1000) FROM "+localtest.Numbers(1, 20000)+" AS s")
	}
	to := func(from, at, into string) router.Step {
		s := shipping(from, into, "SELECT v FROM big")
		s.Ship.At = at
		return s
	}
	part := func(at, table string) router.Step {
		s := shipping(at, "t3", "SELECT COUNT(*) AS n FROM "+table)
		s.After = []string{table}
		return s
	}
	plan := gathering("s0", "SELECT SUM(n) AS n FROM t3", to("s0", "s1", "t1"), to("s1", "s0", "t2"), part("s0", "t2"), part("s1", "t1"))
	s, err := f.run(t, plan)
	if err != nil || !slices.Equal(s.rows, []string{"40000"}) {
		t.Errorf("got %q, %v", s.rows, err)
	}
	f.left(t, "test")
}
