package gather

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
)

// TestLongRow moves rows as long as a packet, and refuses longer ones.
func TestLongRow(t *testing.T) {
	f := newFixture(t, 2)
	plan := func(n int) *router.Plan {
		return gathering("s0", "SELECT LENGTH(v) AS n FROM t1", shipping("s1", "t1", "SELECT REPEAT('x', "+strconv.Itoa(n)+") AS v"))
	}
	s, err := f.run(t, plan(16<<20-1000))
	if err != nil || !slices.Equal(s.rows, []string{"16776216"}) {
		t.Errorf("got %q, %v", s.rows, err)
	}
	if _, err := f.run(t, plan(16<<20-50)); fault.CodeOf(err) != fault.Unsupported {
		t.Errorf("%v, want an UnsupportedError", err)
	}
	f.left(t, "test")
}

// TestHomeIsNotWhatWasPlanned refuses what was planned by other types of home's
// columns.
func TestHomeIsNotWhatWasPlanned(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 0, "CREATE TABLE h (n INT, f DOUBLE)", "INSERT INTO h VALUES (1, 1)")
	for _, tt := range []struct {
		known router.Known
		stale bool
	}{
		{router.Known{SQL: "SELECT n, f FROM h LIMIT 0", Types: []catalog.Type{catalog.Int, catalog.Float}}, false},
		{router.Known{SQL: "SELECT n, f FROM h LIMIT 0", Types: []catalog.Type{catalog.Int, catalog.Decimal}}, true},
		{router.Known{SQL: "SELECT gone FROM h LIMIT 0", Types: []catalog.Type{catalog.Int}}, true},
	} {
		plan := gathering("s0", "SELECT h.n FROM h JOIN t1 ON h.n = t1.v", shipping("s1", "t1", "SELECT 1 AS v"))
		plan.Known = []router.Known{tt.known}
		s, err := f.run(t, plan)
		if stale := fault.CodeOf(err) == fault.StaleTable; stale != tt.stale || !stale && !slices.Equal(s.rows, []string{"1"}) {
			t.Errorf("%+v: got %q, %v", tt.known, s.rows, err)
		}
		f.left(t, "test")
	}
}

func TestVendors(t *testing.T) {
	parse := server.Parse
	for _, tt := range []struct {
		a, b string
		ok   bool
	}{
		{"10.11.6-MariaDB", "10.6.1-MariaDB", true},
		{"10.11.6-MariaDB", "11.4.2-MariaDB", false},
		{"8.0.36", "8.4.0", true},
		{"8.0.36", "9.1.0", false},
		{"8.0.36", "10.11.6-MariaDB", false},
	} {
		err := alike("a", parse(tt.a), "b", parse(tt.b))
		if (err == nil) != tt.ok || err != nil && (fault.CodeOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "shard b")) {
			t.Errorf("%s and %s: %v", tt.a, tt.b, err)
		}
	}
	if gathers("a", parse("8.0.11-TiDB-v7.5.1")) == nil || gathers("a", parse("8.0.36")) != nil {
		t.Error("TiDB alone is refused")
	}
	my := parse("8.0.36")
	if s := my.HomeSettings(1, 1) + my.Lifted("X") + my.JSONCheck("a") + my.SpaciousEngine(); strings.Contains(s, "tx_read_only") || strings.Contains(s, "SET STATEMENT") ||
		strings.Contains(s, "CHECK") || strings.Contains(s, "Aria") || strings.Contains(s, "join_buffer_space") || !strings.Contains(s, "transaction_read_only = 0") {
		t.Errorf("MySQL is told %s", s)
	}
}
