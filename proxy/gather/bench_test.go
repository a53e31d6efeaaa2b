package gather

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// BenchmarkGather joins tables of two servers. Beside it runs the statement
// that joins them where one server has both.
func BenchmarkGather(b *testing.B) {
	f := newFixture(b, 2)
	text := func(n int) string { return fmt.Sprintf("CONCAT('user-', LPAD((seq * 7919) %% %d, 12, '0'))", n) }
	for n := range 2 {
		f.Exec(b, n,
			"CREATE TABLE few (id BIGINT PRIMARY KEY, uid LONGTEXT, name LONGTEXT)", "INSERT INTO few SELECT seq, CONCAT('u', seq), 'x' FROM "+localtest.Numbers(1, 5)+" AS s",
			"CREATE TABLE customers (id BIGINT PRIMARY KEY, uid LONGTEXT, country LONGTEXT, KEY (uid(40)))",
			"INSERT INTO customers SELECT seq, CONCAT('user-', LPAD(seq, 12, '0')), ELT(1 + seq % 4, 'de', 'DE', 'fr', 'es') FROM "+localtest.Numbers(0, 49999)+" AS s",
			"CREATE TABLE orders (id BIGINT PRIMARY KEY, customer BIGINT, uid LONGTEXT, amount DECIMAL(10,2))",
			"INSERT INTO orders SELECT seq, (seq * 7919) % 50000, "+text(50_000)+", (seq % 1000) / 7 FROM "+localtest.Numbers(1, 1000000)+" AS s")
	}
	customers := func() router.Step { return shipping("s1", "t1", "SELECT id, uid, country FROM customers", "id", "uid") }
	orders := shipping("s1", "t1", "SELECT customer, amount FROM orders", "customer")
	orders.Ship.Rows = 1_000_000
	texts := shipping("s1", "t1", "SELECT uid, amount FROM orders", "uid")
	filtered := shipping("s1", "t1", "SELECT uid, amount FROM orders", "uid")
	filtered.Ship.Filter = &router.Filter{Keys: "SELECT DISTINCT uid FROM customers WHERE id < 500", Before: "SELECT uid, amount FROM orders WHERE uid IN (", Behind: ")", Max: 20000}
	const byID = "SELECT c.country, COUNT(*) AS n, SUM(o.amount) AS s FROM orders o JOIN %s c ON c.id = o.customer GROUP BY c.country"
	byUID := strings.ReplaceAll(byID, "c.id = o.customer", "c.uid = o.uid")
	tests := []struct {
		name, direct string
		plan         *router.Plan
	}{
		{"5 rows", "SELECT a.name FROM few a JOIN few b ON a.id = b.id", gathering("s0", "SELECT a.name FROM few a JOIN t1 b ON a.id = b.id", shipping("s1", "t1", "SELECT id FROM few", "id"))},
		{"50k x 1M by number", fmt.Sprintf(byID, "customers"), gathering("s0", fmt.Sprintf(byID, "t1"), customers())},
		{"50k x 1M by text", fmt.Sprintf(byUID, "customers"), gathering("s0", fmt.Sprintf(byUID, "t1"), customers())},
		{"1M numbers moved", "SELECT c.country, SUM(o.amount) AS s FROM orders o JOIN customers c ON c.id = o.customer GROUP BY c.country",
			gathering("s0", "SELECT c.country, SUM(o.amount) AS s FROM t1 o JOIN customers c ON c.id = o.customer GROUP BY c.country", orders)},
		{"1M texts moved", "SELECT c.country, SUM(o.amount) AS s FROM orders o JOIN customers c ON c.uid = o.uid GROUP BY c.country",
			gathering("s0", "SELECT c.country, SUM(o.amount) AS s FROM t1 o JOIN customers c ON c.uid = o.uid GROUP BY c.country", texts)},
		{"500 keys sent", "SELECT c.country, SUM(o.amount) AS s FROM orders o JOIN customers c ON c.uid = o.uid WHERE c.id < 500 GROUP BY c.country",
			gathering("s0", "SELECT c.country, SUM(o.amount) AS s FROM t1 o JOIN customers c ON c.uid = o.uid WHERE c.id < 500 GROUP BY c.country", filtered)},
	}
	for _, tt := range tests {
		for name, plan := range map[string]*router.Plan{"direct": gathering("s0", tt.direct), "gather": tt.plan} {
			b.Run(tt.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := f.Run(b.Context(), Query{Plan: plan, Tag: tag("q")}, count); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// count counts rows.
func count(rows *shard.Rows) (n int64, err error) {
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}
