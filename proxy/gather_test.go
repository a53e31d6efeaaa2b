package proxy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// shipping is a step that ships all rows of a SELECT without LIMIT.
func shipping(shard, into, sql string, keys ...string) router.Step {
	s := router.Step{Shard: shard, SQL: sql, Ship: &router.Shipment{Into: into, Shape: sql + " LIMIT 0", Why: "rows of " + into}}
	for _, k := range keys {
		s.Ship.Keys = append(s.Ship.Keys, strings.Split(k, ","))
	}
	return s
}

// gathering is a plan that ends at home with a statement.
func gathering(home, sql string, steps ...router.Step) *router.Plan {
	return &router.Plan{Kind: router.Gather, Home: home, Steps: append(steps, router.Step{Shard: home, SQL: sql})}
}

// shop puts orders on s0 and customers on s1.
func shop(t testing.TB, f *fixture) {
	t.Helper()
	f.exec(t, 0, "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer BIGINT, uid LONGTEXT, amount DECIMAL(10,2))",
		"INSERT INTO orders SELECT seq, seq % 7, CONCAT('u', seq % 7), seq / 4 FROM seq_1_to_100")
	f.exec(t, 1, "CREATE TABLE customers (id BIGINT PRIMARY KEY, uid LONGTEXT, name LONGTEXT)",
		"INSERT INTO customers VALUES (0, 'u0', 'zero'), (1, 'U1', 'one'), (2, 'u2 ', 'two'), (9, NULL, NULL)")
}

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
				s, result, err := f.run(t, tt.plan, 0)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(s.rows, tt.want) || len(result.Steps) != len(tt.plan.Steps) {
					t.Errorf("got %q, want %q", s.rows, tt.want)
				}
				f.idle(t, "test")
				f.clean(t)
			})
		}
	}
}

// clean checks that the pools' sessions hold no temporary tables and have
// their settings.
func (f *fixture) clean(t testing.TB) {
	t.Helper()
	f.Close()
	for _, sh := range f.set.All() {
		n := sh.Stats().Query.Idle
		release, err := sh.Reserve(t.Context(), max(n, 1))
		if err != nil {
			t.Fatal(err)
		}
		var conns []*shard.Conn
		for range n {
			c, err := sh.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
			got := strings.Join(one(t, c, "SELECT @@tx_read_only, @@sql_mode, @@collation_connection, @@time_zone, @@in_transaction, @@max_heap_table_size = @@global.max_heap_table_size, @@tx_isolation, DATABASE()"), " ")
			if want := "1 NO_ENGINE_SUBSTITUTION utf8mb4_unicode_ci +00:00 0 1 REPEATABLE-READ " + f.database; got != want {
				t.Errorf("shard %s: a session was left with %s", sh.Name(), got)
			}
			for _, name := range []string{"t1", "t2", "t3", "databalancer_shape_1"} {
				if _, err := c.Query(t.Context(), "SELECT 1 FROM "+name+" LIMIT 0"); err == nil {
					t.Errorf("shard %s: a session was left with the table %s", sh.Name(), name)
				}
			}
		}
		for _, c := range conns {
			c.Close()
		}
		release()
	}
}

// one returns the only row of a query.
func one(t testing.TB, c *shard.Conn, query string) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var row []string
	for rows.Next() {
		for _, v := range rows.Values() {
			row = append(row, string(v))
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return row
}

// A broadcast table is in the session of the shard that joins it, and only
// what the shards made of it comes home.
func TestBroadcast(t *testing.T) {
	f := newFixture(t, 3)
	for n, rows := range []string{"(1, 'a', 1), (2, 'b', 2)", "(3, 'A', 4), (4, 'c', 8)"} {
		f.exec(t, n, "CREATE TABLE hits (id BIGINT PRIMARY KEY, url LONGTEXT, size INT)", "INSERT INTO hits VALUES "+rows)
	}
	f.exec(t, 2, "CREATE TABLE pages (url LONGTEXT, title ENUM('x', '', 'z'))", "INSERT INTO pages VALUES ('a', 'z'), ('b', '')")
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
		s, _, err := f.run(t, plan, 0)
		if want := []string{" 2 2", "z 5 3"}; err != nil || !slices.Equal(s.rows, want) {
			t.Errorf("got %q, %v, want %q", s.rows, err, want)
		}
	}
	f.idle(t, "test")
	f.clean(t)
}

// Two shards may broadcast to each other in one plan.
func TestBroadcastBothWays(t *testing.T) {
	f := newFixture(t, 2)
	for n := range 2 {
		f.exec(t, n, "CREATE TABLE big (v LONGTEXT)", "INSERT INTO big SELECT REPEAT('x', 1000) FROM seq_1_to_20000")
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
	s, _, err := f.run(t, plan, 0)
	if err != nil || !slices.Equal(s.rows, []string{"40000"}) {
		t.Errorf("got %q, %v", s.rows, err)
	}
	f.idle(t, "test")
	f.clean(t)
}

func TestGatherColumns(t *testing.T) {
	f := newFixture(t, 2)
	f.exec(t, 1, "CREATE TABLE d (good BOOLEAN, tags JSON, name LONGTEXT, at DATETIME(6))", `INSERT INTO d VALUES (1, '["a"]', 'x', '2024-01-02 03:04:05.000006')`)
	step := shipping("s1", "t1", "SELECT good, tags, name, at FROM d", "name")
	step.Ship.JSON = []string{"tags"}
	plan := gathering("s0", "SELECT good, tags, name, at, JSON_OBJECT('t', tags) AS o FROM t1", step)
	plan.Columns = []router.Column{{Name: "good", Type: catalog.Bool}, {Name: "tags", Type: catalog.JSON}, {Name: "name", Type: catalog.Text}, {Name: "at"}, {Name: "o"}}
	s, _, err := f.run(t, plan, 0)
	want := []Column{{"good", catalog.Bool}, {"tags", catalog.JSON}, {"name", catalog.Text}, {"at", catalog.Timestamp}, {"o", catalog.Text}}
	if err != nil || !slices.Equal(s.columns, want) {
		t.Fatalf("columns %v, %v; want %v", s.columns, err, want)
	}
	if want := []string{`1 ["a"] x 2024-01-02 03:04:05.000006 {"t": ["a"]}`}; !slices.Equal(s.rows, want) {
		t.Errorf("rows %q, want %q", s.rows, want)
	}
}

func TestGatherRefusals(t *testing.T) {
	f := newFixture(t, 2)
	shop(t, f)
	for name, plan := range map[string]*router.Plan{
		"a table that is not there":          gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT id FROM nothing")),
		"a column that is not there":         gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT nothing FROM customers")),
		"a table that is not at home":        gathering("s0", "SELECT 1 FROM nothing", shipping("s1", "t1", "SELECT id FROM customers")),
		"a shard that is not there":          gathering("s0", "SELECT 1", shipping("s9", "t1", "SELECT id FROM customers")),
		"steps that do not fit in one table": gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT id FROM customers"), shipping("s0", "t1", "SELECT uid FROM orders")),
	} {
		asked := f.catalog.asked.Load()
		if s, _, err := f.run(t, plan, 0); err == nil || s.columns != nil || f.catalog.asked.Load() != asked+1 {
			t.Errorf("%s: %v, and the catalog was not asked", name, err)
		}
		f.idle(t, "test")
		f.clean(t)
	}
	var server *shard.ServerError
	if _, _, err := f.run(t, gathering("s0", "SELECT 1 FROM t1 WHERE", shipping("s1", "t1", "SELECT id FROM customers")), 0); !errors.As(err, &server) || server.Number != 1064 {
		t.Errorf("%v, want the error 1064", err)
	}
	f.clean(t)
}
