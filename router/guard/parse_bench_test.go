package guard

import (
	"testing"

	"github.com/kolide/databalancer/router/tree"
)

func BenchmarkParsePoint(b *testing.B) {
	benchmarkParse(b, "SELECT * FROM `dog_registry` WHERE id = ?", int64(17))
}

func BenchmarkParseReport(b *testing.B) {
	benchmarkParse(b, `SELECT breed, COUNT(*) AS n, AVG(weight) FROM dog_registry d JOIN owners o ON o.dog_id = d.id
		WHERE d.name LIKE 's%' AND o.city IN ('Cork', 'Galway', 'Sligo') GROUP BY breed HAVING n > 3 ORDER BY n DESC LIMIT 20`)
}

// benchmarkParse parses, guards and restores one text.
func benchmarkParse(b *testing.B, sql string, args ...any) {
	b.ReportAllocs()
	for b.Loop() {
		st, err := Parse(sql, args, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := tree.Restore(st.node); err != nil {
			b.Fatal(err)
		}
	}
}
