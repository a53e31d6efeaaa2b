package proxy

import (
	"slices"
	"testing"

	"github.com/kolide/databalancer/router"
)

func TestExplain(t *testing.T) {
	f := over(nil)
	first := shipping("s1", "t1", "SELECT id FROM customers")
	first.Ship.Rows, first.Ship.Why = 40, "rows of customers"
	second := shipping("s1", "t2", "SELECT 2")
	second.Ship.At, second.Ship.Filter = "s0", &router.Filter{Before: "SELECT 2 WHERE 1 IN (", Behind: ")"}
	plan := gathering("s0", "SELECT 1", first, second)
	plan.Explain = true
	s := &sink{}
	if _, err := f.ask(t.Context(), "q", plan, 0, s); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 s1 t1 40 rows of customers SELECT id FROM customers",
		"2 s1 t2 at s0 NULL rows of t2 SELECT 2 WHERE 1 IN (…)",
		"3 s0 NULL NULL NULL SELECT 1",
	}
	if !slices.Equal(s.rows, want) || !slices.Equal(s.columns, explainColumns) {
		t.Errorf("got %v %q", s.columns, s.rows)
	}
	plan = concat("SELECT 1", "SELECT 2")
	plan.Explain = true
	s = &sink{}
	result, err := f.ask(t.Context(), "q", plan, 1, s)
	if err != nil || !slices.Equal(s.rows, []string{"1 s0 NULL NULL NULL SELECT 1"}) || !result.Truncated || result.Rows != 1 {
		t.Errorf("got %q, %+v, %v", s.rows, result, err)
	}
}
