package gather

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/proxy/shardtest"
	"github.com/kolide/databalancer/router"
)

func TestTooLarge(t *testing.T) {
	f := newFixture(t, 2)
	f.use(Config{MaxRows: 1000, MaxBytes: 1 << 20})
	f.Exec(t, 1, "CREATE TABLE x (n INT, v LONGTEXT)", "INSERT INTO x SELECT seq, REPEAT('x', 2000) FROM "+localtest.Numbers(1, 1000)+" AS s")
	rows := func(n int) router.Step {
		return shipping("s1", "t1", "SELECT seq AS n FROM "+localtest.Numbers(1, n)+" AS s")
	}
	estimated := rows(1)
	estimated.Ship.Rows = 10_001
	hopeful := rows(1)
	hopeful.Ship.Rows = 9_999
	for _, tt := range []struct {
		name string
		step router.Step
		want *TooLargeError
	}{
		{"as many rows as may be", rows(1000), nil},
		{"a row more", rows(1001), &TooLargeError{Rows: 1001}},
		{"bytes", shipping("s1", "t1", "SELECT v FROM x"), &TooLargeError{Bytes: 1 << 20}},
		{"estimated", estimated, &TooLargeError{Rows: 10_001, Estimated: true}},
		{"estimated, perhaps wrongly", hopeful, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := f.run(t, gathering("s0", "SELECT COUNT(*) AS n FROM t1", tt.step))
			var large *TooLargeError
			if tt.want == nil {
				if err != nil || len(s.rows) != 1 {
					t.Fatal(err)
				}
				return
			}
			if !errors.As(err, &large) || s.columns != nil {
				t.Fatalf("%v, want a TooLargeError", err)
			}
			if large.From != "s1" || large.To != "s0" || large.Why != "rows of t1" || large.Estimated != tt.want.Estimated ||
				large.Rows < tt.want.Rows || large.Bytes < tt.want.Bytes || large.MaxRows != 1000 || large.MaxBytes != 1<<20 {
				t.Errorf("%+v", large)
			}
			for _, part := range []string{"rows of t1", "shard s1", "shard s0", "1000 rows", "narrow"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q says nothing of %q", err, part)
				}
			}
			f.left(t, "test")
		})
	}
}

// TestOneTime asks the time on all shards: one query has one time.
func TestOneTime(t *testing.T) {
	f := newFixture(t, 3)
	to := shipping("s1", "t2", "SELECT NOW(6) AS n, SLEEP(0.05) AS s")
	to.Ship.At = "s2"
	next := shipping("s2", "t1", "SELECT n, NOW(6) AS m, SLEEP(0.05) AS s FROM t2")
	next.After = []string{"t2"}
	plan := gathering("s0", "SELECT n = NOW(6) AND m = NOW(6) AS same, ABS(TIMESTAMPDIFF(SECOND, n, SYSDATE())) < 60 AS today FROM t1", to, next)
	plan.Clock = true
	for range 2 {
		s, err := f.run(t, plan)
		if err != nil || strings.Join(s.rows, "") != "1 1" {
			t.Errorf("got %q, %v", s.rows, err)
		}
	}
	f.left(t, "test")
	for _, sh := range f.Set.All() {
		conn, err := sh.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := shardtest.One(t, conn, "SELECT ABS(UNIX_TIMESTAMP(SYSDATE(6)) - UNIX_TIMESTAMP(NOW(6))) < 0.04"); got[0] != "1" {
			t.Errorf("shard %s: a session was left with another time", sh.Name())
		}
		conn.Close()
	}
}

// TestSnapshot writes on all shards while a gather runs: what it reads at
// home by a filter and in the end is one state, and so is what it reads on
// another shard.
func TestSnapshot(t *testing.T) {
	f := newFixture(t, 2)
	for n := range 2 {
		f.Exec(t, n, "CREATE TABLE a (n INT)", "CREATE TABLE b (n INT)")
	}
	var writers sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer writers.Wait()
	defer stop()
	for n := range 2 {
		db := f.DB(t, n)
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				tx, err := db.Begin()
				if err == nil {
					_, _ = tx.Exec("INSERT INTO a VALUES (?)", i)
					_, err = tx.Exec("INSERT INTO b VALUES (?)", i)
				}
				if err == nil {
					err = tx.Commit()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		first, second := shipping("s1", "t1", "SELECT COUNT(*) AS n FROM a"), shipping("s1", "t2", "SELECT COUNT(*) AS n FROM b")
		keys := shipping("s1", "t3", "SELECT 1 AS n")
		keys.Ship.Filter = &router.Filter{Keys: "SELECT COUNT(*) FROM a", Max: 1, Before: "SELECT ", Behind: " AS n"}
		plan := gathering("s0", "SELECT t1.n - t2.n AS shipped, t3.n - (SELECT COUNT(*) FROM a) AS filtered, (SELECT COUNT(*) FROM a) - (SELECT COUNT(*) FROM b) AS home FROM t1, t2, t3", first, second, keys)
		s, err := f.run(t, plan)
		if err != nil || strings.Join(s.rows, "") != "0 0 0" {
			t.Fatalf("got %q, %v", s.rows, err)
		}
	}
}
