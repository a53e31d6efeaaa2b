package gather

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/proxy/shardtest"

	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// many is a SELECT of more rows than any test waits for.
const many = "SELECT a.seq AS n, REPEAT('x', 50) AS v FROM " + shardtest.Billion

// phases are gathers that stay for long in one phase each, with the shard on
// which the phase's statement runs and a part of its text.
var phases = []struct {
	name  string
	plan  func() *router.Plan
	shard int
	text  string
}{
	{"shipping", func() *router.Plan { return gathering("s0", "SELECT 1", shipping("s1", "t1", endless)) }, 1, "table_name"},
	{"filling", func() *router.Plan {
		return gathering("s0", "SELECT COUNT(*) FROM t1", shipping("s1", "t1", many, "n", "v,n"), shipping("s2", "t1", many, "n"))
	}, 0, "INSERT INTO `t1`"},
	{"filling a broadcast table", func() *router.Plan {
		step := shipping("s1", "t1", many, "n")
		step.Ship.At = "s2"
		next := shipping("s2", "t2", "SELECT COUNT(*) AS n FROM t1")
		next.After = []string{"t1"}
		return gathering("s0", "SELECT n FROM t2", step, next)
	}, 2, "INSERT INTO `t1`"},
	{"keys", func() *router.Plan {
		step := shipping("s1", "t1", "SELECT 1 AS n")
		step.Ship.Filter = &router.Filter{Keys: endless, Before: "SELECT 1 AS n WHERE 1 IN (", Behind: ")", Max: 10}
		return gathering("s0", "SELECT n FROM t1", step)
	}, 0, "table_name"},
	{"the final statement", func() *router.Plan {
		return gathering("s0", endless+" AND EXISTS (SELECT 1 FROM t1)", shipping("s1", "t1", "SELECT 1 AS n"))
	}, 0, "table_name"},
	{"the answer", func() *router.Plan { return gathering("s0", wide, shipping("s1", "t1", "SELECT 1 AS n")) }, 0, "column_name"},
	{"another shipment while one is done", func() *router.Plan {
		return gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT 1 AS n"), shipping("s2", "t2", endless), shipping("s0", "t3", endless))
	}, 2, "table_name"},
}

// slowProbe is a plan of which the shape takes long to learn: the table is
// locked by an ALTER.
func slowProbe(t *testing.T, f *fixture) (release func()) {
	t.Helper()
	f.Exec(t, 1, "CREATE TABLE locked (n INT)")
	conn, err := f.DB(t, 1).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "LOCK TABLES locked WRITE"); err != nil {
		t.Fatal(err)
	}
	return func() { conn.Close() }
}

// TestGatherStops cancels gathers in each phase. Every statement on every
// server ends at once, and nothing of the query stays.
func TestGatherStops(t *testing.T) {
	f := newFixture(t, 3)
	stop := func(t *testing.T, plan *router.Plan, server int, text string) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		gone := errors.New("client gone")
		a := &answer{row: func() error { time.Sleep(time.Millisecond); return nil }}
		done := f.start(ctx, "q", plan, a)
		f.AwaitRunning(t, server, tag("q"), text)
		start := time.Now()
		cancel(gone)
		err := await(t, done)
		returned := time.Since(start)
		if !errors.Is(err, gone) {
			t.Errorf("%v, want the cause", err)
		}
		f.AwaitEnded(t, tag("q"))
		t.Logf("returned after %v, and nothing ran on any server after %v", returned.Round(time.Millisecond/10), time.Since(start).Round(time.Millisecond/10))
		if returned > 5*time.Second {
			t.Errorf("it took %v", returned)
		}
		f.left(t, "q")
		f.NoTables(t)
	}
	for _, tt := range phases {
		t.Run(tt.name, func(t *testing.T) { stop(t, tt.plan(), tt.shard, tt.text) })
	}
	t.Run("probe", func(t *testing.T) {
		release := slowProbe(t, f)
		defer release()
		stop(t, gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT n FROM locked")), 1, "CREATE TEMPORARY")
	})
}

// A shard that fails stops the others.
func TestGatherShardFails(t *testing.T) {
	f := newFixture(t, 3)
	for name, steps := range map[string][]router.Step{
		"at once": {shipping("s1", "t1", endless), shipping("s2", "t2", "SELECT nonsense(1) AS n")},
		"later":   {shipping("s1", "t1", many, "n"), shipping("s2", "t2", "SELECT n, (SELECT 1 UNION SELECT n + 2) AS m FROM (SELECT seq AS n FROM "+localtest.Numbers(1, 10)+" AS s) AS s")},
		"at home": {shipping("s1", "t1", "SELECT 1 AS n"), shipping("s2", "t2", "SELECT 2 AS n")},
	} {
		final := "SELECT 1"
		if name == "at home" {
			final = "SELECT (SELECT 1 UNION SELECT n) AS x FROM t2"
		}
		_, err := f.run(t, gathering("s0", final, steps...))
		var server *shard.ServerError
		if !errors.As(err, &server) || server.Shard == "s1" {
			t.Errorf("%s: %v, want an error of another server", name, err)
		}
		f.left(t, "test")
		f.NoTables(t)
	}
}

// TestGatherNoDeadlock runs gathers in every direction over three servers
// with hardly enough connections.
func TestGatherNoDeadlock(t *testing.T) {
	f := newFixture(t, 3, func(c *shard.Config) { c.QueryConns = 3 })
	for n := range 3 {
		f.Exec(t, n, fmt.Sprintf("CREATE TABLE x%d (n INT, v LONGTEXT)", n), fmt.Sprintf("INSERT INTO x%d SELECT seq, CONCAT('v', seq) FROM "+localtest.Numbers(1, 50)+" AS s", n))
	}
	plan := func(i int) *router.Plan {
		home, a, b := i%3, (i+1+i/3%2)%3, (i+2-i/3%2)%3
		step := func(n int, into string) router.Step {
			return shipping(fmt.Sprintf("s%d", n), into, fmt.Sprintf("SELECT n, v FROM x%d", n), "n", "v")
		}
		steps := []router.Step{step(a, "t1"), step(b, "t2"), step(home, "t3")}
		if i%2 == 0 { // a filter, and one shard broadcasts to the other
			steps[1].Ship.Filter = &router.Filter{Keys: "SELECT v FROM t1", After: []string{"t1"}, Before: steps[1].SQL + " WHERE v IN (", Behind: ")", Max: 100}
			both := step(a, "t4")
			both.Ship.At = fmt.Sprintf("s%d", b)
			joined := shipping(fmt.Sprintf("s%d", b), "t5", "SELECT n FROM t4")
			joined.After = []string{"t4"}
			steps = append(steps, both, joined)
		}
		return gathering(fmt.Sprintf("s%d", home), "SELECT COUNT(*) AS n FROM t1 JOIN t2 USING (n) JOIN t3 ON t3.v = t2.v", steps...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			for n := range 3 {
				a := &answer{}
				if err := f.ask(ctx, fmt.Sprintf("q%d", i), plan(i+n), a); err != nil || strings.Join(a.rows, " ") != "50" {
					t.Errorf("%v, %v", a.rows, err)
					return
				}
			}
		})
	}
	wait.Wait()
	f.left(t, "q0")
	f.NoTables(t)
}
