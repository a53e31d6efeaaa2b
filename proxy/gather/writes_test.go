package gather

import (
	"errors"
	"testing"

	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// No statement of a plan may write to the servers' own tables, whatever it
// calls.
func TestNothingWrites(t *testing.T) {
	f := newFixture(t, 2)
	shop(t, f)
	for n := range 2 {
		f.Exec(t, n, "CREATE TABLE traces (n INT)", "CREATE FUNCTION trace() RETURNS INT DETERMINISTIC BEGIN INSERT INTO traces VALUES (1); RETURN 1; END")
	}
	quiet := func(into string) router.Step { return shipping("s1", into, "SELECT id FROM customers") }
	filtered := func(keys string) router.Step {
		s := quiet("t2")
		s.Ship.Filter = &router.Filter{Keys: keys, Before: "SELECT id FROM customers WHERE id IN (", Behind: ")", Max: 10}
		return s
	}
	broadcast := shipping("s0", "t3", "SELECT 1 AS n")
	broadcast.Ship.At = "s1"
	after := shipping("s1", "t1", "SELECT trace() AS n FROM t3")
	after.After = []string{"t3"}
	loud := shipping("s1", "t1", "SELECT trace() AS n")
	for name, plan := range map[string]*router.Plan{
		"in the end, of one table":      gathering("s0", "SELECT trace() AS n FROM t1", quiet("t1")),
		"in the end, of several tables": gathering("s0", "SELECT trace() AS n FROM t1", quiet("t1"), quiet("t2")),
		"in the end, with a filter":     gathering("s0", "SELECT trace() AS n FROM t2", filtered("SELECT 1")),
		"in the end, of no table":       gathering("s0", "SELECT trace() AS n"),
		"in a filter's keys":            gathering("s0", "SELECT 1", filtered("SELECT trace()")),
		"in a step":                     gathering("s0", "SELECT 1", loud),
		"in one of several steps":       gathering("s0", "SELECT 1", loud, quiet("t2")),
		"in a step with a broadcast":    gathering("s0", "SELECT 1", broadcast, after),
	} {
		for range 2 { // with the columns unknown, and known
			_, err := f.run(t, plan)
			var server *shard.ServerError
			if !errors.As(err, &server) || server.Number != 1792 && server.Number != 1746 {
				t.Errorf("%s: %v, want the error 1792, or 1746 while a table is made of it", name, err)
			}
		}
		f.left(t, "test")
	}
	for n := range 2 {
		var count int
		if err := f.DB(t, n).QueryRow("SELECT COUNT(*) FROM traces").Scan(&count); err != nil || count != 0 {
			t.Errorf("shard s%d: %d rows were written, %v", n, count, err)
		}
	}
}
