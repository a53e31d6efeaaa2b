package proxy

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// A server for gathering is home to what no shard is.
func TestGatherAtGatherer(t *testing.T) {
	f := newFixture(t, 3)
	shop(t, f)
	address := f.addresses[2]
	f.addresses = f.addresses[:2]
	f.connect(t)
	other := &fixture{addresses: f.addresses, database: f.database}
	other.connect(t)
	for _, set := range []*shard.Set{f.set, other.set} {
		if err := set.AddGatherer(t.Context(), "g", address); err != nil {
			t.Fatal(err)
		}
	}
	steps := []router.Step{shipping("s0", "t1", "SELECT customer FROM orders", "customer"), shipping("s1", "t2", "SELECT id FROM customers", "id")}
	s, _, err := f.run(t, gathering("g", "SELECT COUNT(*) AS n FROM t1 JOIN t2 ON t1.customer = t2.id", steps...), 0)
	if err != nil || !slices.Equal(s.rows, []string{"44"}) {
		t.Errorf("got %q, %v", s.rows, err)
	}
	f.clean(t)
	f.addresses = append(f.addresses, address) // to watch it
	done := f.start(t.Context(), "q", gathering("g", endless, steps...), &sink{})
	f.awaitRunning(t, 2, "q")
	if found, err := other.Cancel(t.Context(), "q"); !found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	if r := await(t, done); !errors.Is(r.err, ErrCancelled) {
		t.Errorf("%v, want ErrCancelled", r.err)
	}
	f.idle(t, "q")
}

// TestLongRow moves rows as long as a packet, and refuses longer ones.
func TestLongRow(t *testing.T) {
	f := newFixture(t, 2)
	plan := func(n int) *router.Plan {
		return gathering("s0", "SELECT LENGTH(v) AS n FROM t1", shipping("s1", "t1", "SELECT REPEAT('x', "+strconv.Itoa(n)+") AS v"))
	}
	s, _, err := f.run(t, plan(16<<20-1000), 0)
	if err != nil || !slices.Equal(s.rows, []string{"16776216"}) {
		t.Errorf("got %q, %v", s.rows, err)
	}
	var unsupported *UnsupportedError
	if _, _, err := f.run(t, plan(16<<20-50), 0); !errors.As(err, &unsupported) {
		t.Errorf("%v, want an UnsupportedError", err)
	}
	f.idle(t, "test")
	f.clean(t)
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
		var unsupported *UnsupportedError
		if (err == nil) != tt.ok || err != nil && (!errors.As(err, &unsupported) || !strings.Contains(err.Error(), "shard b")) {
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
