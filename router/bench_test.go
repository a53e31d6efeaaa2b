package router

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/router/guard"
)

func BenchmarkPlan(b *testing.B) {
	var wide strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&wide, ", c%d text/%d", i, i/64)
	}
	snap := catalogtest.Parse(b, "shards a b\ndog on a: id int, name text, weight int\nbird on b: id int\nwide on a: id int"+wide.String())
	router, remembering := New(Config{Database: "db"}), New(Config{Database: "db", PlanBytes: DefaultPlanBytes})
	for _, query := range []string{
		"SELECT * FROM dog WHERE id = ?",
		"SELECT d.name, count(*) FROM dog d JOIN dog e ON d.id = e.id WHERE d.weight > ? GROUP BY d.name ORDER BY 2",
		"SELECT id FROM dog WHERE id > ? UNION ALL SELECT id FROM bird",
		"SELECT * FROM wide WHERE id = ?",
	} {
		b.Run(strings.Fields(query)[1]+" "+fmt.Sprint(len(query)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := router.Plan(snap, Query{SQL: query, Args: []any{int64(7)}, MaxRows: 10_000}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("remembered "+strings.Fields(query)[1]+" "+fmt.Sprint(len(query)), func(b *testing.B) {
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				if _, err := remembering.Plan(snap, Query{SQL: query, Args: []any{i}, MaxRows: 10_000}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parse alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := guard.Parse("SELECT * FROM dog WHERE id = ?", []any{int64(7)}, guard.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkGather plans queries over three shards.
func BenchmarkGather(b *testing.B) {
	snap := catalogtest.Parse(b, `shards a b c
orders on a=1000000: id int, customer int, product int, total float
customers on b=50000: id int, region text, age int
products on c=100000: id int, name text, price float
events on a=500000 b=500000 c=400000: id int, customer int, kind text, value float, at timestamp`)
	router := New(Config{Database: "db"})
	for name, query := range map[string]string{
		"rows": `SELECT c.region, SUM(o.total) FROM orders o JOIN customers c ON c.id = o.customer JOIN products p ON p.id = o.product
			WHERE p.price > 10 AND c.age < 30 GROUP BY c.region ORDER BY 2 DESC LIMIT 10`,
		"parts": "SELECT c.region, COUNT(DISTINCT e.kind), AVG(e.value) FROM events e JOIN customers c ON c.id = e.customer GROUP BY c.region",
		"sets":  "SELECT id FROM orders WHERE customer IN (SELECT id FROM customers WHERE region = 'x') AND product IN (SELECT MAX(id) FROM products GROUP BY name)",
		"top":   "SELECT id, kind FROM events WHERE kind LIKE 'x%' ORDER BY at DESC LIMIT 20",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := router.Plan(snap, Query{SQL: query, MaxRows: 10_000}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
