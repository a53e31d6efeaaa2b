package proxy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// fixture is a proxy over the shards s0, s1 …, with a database of its own.
type fixture struct {
	*Proxy
	catalog   *fakeCatalog
	plans     *plans
	set       *shard.Set
	addresses []string
	database  string
	dbs       map[int]*sql.DB // the tests' own connections, by the server's number
}

func newFixture(t testing.TB, n int, change ...func(*shard.Config)) *fixture {
	t.Helper()
	addresses := localtest.Servers(t, n)
	f := &fixture{addresses: addresses, database: localtest.Database(t, addresses...)}
	f.connect(t, change...)
	return f
}

// connect gives the fixture a proxy over its addresses.
func (f *fixture) connect(t testing.TB, change ...func(*shard.Config)) {
	t.Helper()
	cfg := shard.Config{Username: "root", Database: f.database}
	for _, c := range change {
		c(&cfg)
	}
	set, err := shard.NewSet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	set.Sync(f.snapshot())
	f.use(set, Config{})
}

// use gives the fixture a proxy over a set.
func (f *fixture) use(set *shard.Set, cfg Config) {
	f.set, f.catalog, f.plans = set, &fakeCatalog{}, &plans{}
	cfg.Catalog, cfg.Router, cfg.Shards = f.catalog, f.plans, set
	f.Proxy = New(cfg)
}

func (f *fixture) snapshot() *catalog.Snapshot {
	var shards []catalog.Shard
	for i, address := range f.addresses {
		shards = append(shards, catalog.Shard{Number: i, Name: fmt.Sprintf("s%d", i), Address: address})
	}
	return catalog.NewSnapshot(1, shards, nil)
}

// exec runs statements on the nth server.
func (f *fixture) exec(t testing.TB, n int, statements ...string) {
	t.Helper()
	localtest.Exec(t, f.db(t, n), statements...)
}

func (f *fixture) db(t testing.TB, n int) *sql.DB {
	t.Helper()
	if f.dbs[n] != nil {
		return f.dbs[n]
	}
	if f.dbs == nil {
		f.dbs = map[int]*sql.DB{}
	}
	f.dbs[n] = localtest.Open(t, f.addresses[n], f.database)
	t.Cleanup(func() { delete(f.dbs, n) })
	return f.dbs[n]
}

// ask asks the query of that id, for which there is this plan.
func (f *fixture) ask(ctx context.Context, id string, plan *router.Plan, maxRows int, s Sink) (Result, error) {
	f.plans.known.Store(id, plan)
	result, err := f.Query(ctx, Query{ID: id, SQL: id, MaxRows: maxRows}, s)
	if err == nil && result.Plan != plan {
		err = errors.New("the result has another plan")
	}
	result.Plan = nil
	return result, err
}

// run asks for a plan and returns its rows, values separated by blanks.
func (f *fixture) run(t testing.TB, plan *router.Plan, maxRows int) (*sink, Result, error) {
	t.Helper()
	s := &sink{}
	result, err := f.ask(t.Context(), "test", plan, maxRows, s)
	return s, result, err
}

// idle checks that no statement of the query goes on on any shard, and that
// all connections were given back. A server may need a moment to act on a
// KILL that it has accepted; the statements of these tests would go on for
// far longer.
func (f *fixture) idle(t testing.TB, id string) {
	t.Helper()
	f.Close()
	for n := range f.addresses {
		f.await(t, n, id, false)
	}
	for _, sh := range f.set.All() {
		if n := sh.Stats().Query.InUse; n != 0 {
			t.Errorf("shard %s: %d connections still in use", sh.Name(), n)
		}
		release, err := sh.Reserve(t.Context(), sh.Stats().Query.Max)
		if err != nil {
			t.Errorf("shard %s: reservations left: %v", sh.Name(), err)
			continue
		}
		release()
	}
}

// running returns the connections on which the nth server runs the query.
func (f *fixture) running(t testing.TB, n int, id string) []int {
	t.Helper()
	rows, err := f.db(t, n).Query("SELECT id, info FROM information_schema.processlist WHERE info IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []int
	for rows.Next() {
		var conn int
		var info string
		if err := rows.Scan(&conn, &info); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(info, Tag(id)) {
			ids = append(ids, conn)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// awaitRunning waits until the query runs on the nth server.
func (f *fixture) awaitRunning(t testing.TB, n int, id string) {
	t.Helper()
	f.await(t, n, id, true)
}

// await waits until the query runs on the nth server, or does not.
func (f *fixture) await(t testing.TB, n int, id string, running bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for len(f.running(t, n, id)) > 0 != running {
		if time.Now().After(deadline) {
			t.Fatalf("shard s%d: query %s running: %t, want %t", n, id, !running, running)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func single(sql string, columns ...router.Column) *router.Plan {
	return &router.Plan{Kind: router.Single, Steps: []router.Step{{Shard: "s0", SQL: sql}}, Columns: columns}
}

// concat is a plan with one arm on each shard, in their order.
func concat(sqls ...string) *router.Plan {
	plan := &router.Plan{Kind: router.Concat}
	for i, sql := range sqls {
		plan.Steps = append(plan.Steps, router.Step{Shard: fmt.Sprintf("s%d", i), SQL: sql})
	}
	return plan
}

// sink keeps an answer. row, if set, is called with each row's number before
// the row is kept.
type sink struct {
	columns []Column
	rows    []string
	row     func(n int) error
	calls   int
}

func (s *sink) Columns(columns []Column) error {
	if s.columns != nil {
		return errors.New("columns told twice")
	}
	s.columns = columns
	return nil
}

func (s *sink) Row(values [][]byte) error {
	s.calls++
	if s.row != nil {
		if err := s.row(s.calls); err != nil {
			return err
		}
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
		if v == nil {
			texts[i] = "NULL"
		}
	}
	s.rows = append(s.rows, strings.Join(texts, " "))
	return nil
}

// result is what a run in the background returned.
type result struct {
	Result
	err error
}

// start runs a plan in the background.
func (f *fixture) start(ctx context.Context, id string, plan *router.Plan, s Sink) <-chan result {
	done := make(chan result, 1)
	go func() {
		r, err := f.ask(ctx, id, plan, 0, s)
		done <- result{r, err}
	}()
	return done
}

// await returns the outcome of start.
func await(t testing.TB, done <-chan result) result {
	t.Helper()
	select {
	case r := <-done:
		return r
	case <-time.After(30 * time.Second):
		t.Fatal("the run does not return")
		return result{}
	}
}
