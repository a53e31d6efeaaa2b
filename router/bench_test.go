package router

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/router/guard"

	"github.com/kolide/databalancer/catalog/catalogtest"
)

func BenchmarkPlan(b *testing.B) {
	var wide strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&wide, ", c%d text/%d", i, i/64)
	}
	snap := catalogtest.Parse(b, "shards a b\ndog on a: id int, name text, weight int\nbird on b: id int\nwide on a: id int"+wide.String())
	router := New(Config{Database: "db"})
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
