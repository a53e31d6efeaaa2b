package proxy

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
)

// BenchmarkPoint runs the plan of a SELECT of one row on a real server.
func BenchmarkPoint(b *testing.B) {
	f := newFixture(b, 1)
	names := make([]string, 24)
	planned := []router.Column{{Name: "id", Type: catalog.Int}}
	for i := range names {
		names[i] = fmt.Sprintf("field_%d LONGTEXT DEFAULT 'a value'", i)
		planned = append(planned, router.Column{Name: "field_" + strconv.Itoa(i), Type: catalog.Text})
	}
	f.Exec(b, 0, "CREATE TABLE wide (id BIGINT PRIMARY KEY, "+strings.Join(names, ", ")+")", "INSERT INTO wide (id) VALUES (1)")
	plan := &router.Plan{Kind: router.Single, Columns: planned, Steps: []router.Step{{Shard: "s0", SQL: "SELECT * FROM wide WHERE id = 1"}}}
	const id = "0123456789abcdef0123456789abcdef"
	f.plans.known.Store(id, plan)
	sink := &countSink{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Query(b.Context(), Query{ID: id, SQL: id, MaxRows: 10_000}, sink); err != nil {
			b.Fatal(err)
		}
	}
	if sink.rows != b.N {
		b.Fatalf("%d rows of %d queries", sink.rows, b.N)
	}
}

// countSink counts rows.
type countSink struct{ rows int }

func (s *countSink) Columns([]Column) error { return nil }
func (s *countSink) Row([][]byte) error     { s.rows++; return nil }
