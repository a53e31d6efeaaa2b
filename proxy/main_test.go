package proxy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/proxy/shardtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// What shardtest has for plans, by short names.
var shipping, gathering = shardtest.Shipping, shardtest.Gathering

const endless, wide = shardtest.Endless, shardtest.Wide

// fixture is a proxy over the shards s0, s1 ….
type fixture struct {
	*Proxy
	*shardtest.Shards
	catalog *fakeCatalog
	plans   *plans
}

func newFixture(t testing.TB, n int, change ...func(*shard.Config)) *fixture {
	t.Helper()
	return over(shardtest.New(t, n, change...))
}

// over returns a proxy over shards, of which there are none where no plan is run.
func over(shards *shardtest.Shards) *fixture {
	f := &fixture{Shards: shards, catalog: &fakeCatalog{}, plans: &plans{}}
	cfg := Config{Catalog: f.catalog, Router: f.plans, Shards: &shard.Set{}}
	if shards != nil {
		cfg.Shards = shards.Set
	}
	f.Proxy = New(cfg)
	return f
}

// ask asks the query of that id, for which there is this plan.
func (f *fixture) ask(ctx context.Context, id string, plan *router.Plan, maxRows int, s Sink) (Result, error) {
	f.plans.known.Store(id, plan)
	result, err := f.Query(ctx, Query{ID: id, SQL: id, MaxRows: maxRows}, s)
	if err == nil && result.Plan != plan {
		err = errors.New("the result has another plan")
	}
	result.Plan, result.told = nil, false
	return result, err
}

// run asks for a plan and returns its rows, values separated by blanks.
func (f *fixture) run(t testing.TB, plan *router.Plan, maxRows int) (*sink, Result, error) {
	t.Helper()
	s := &sink{}
	result, err := f.ask(t.Context(), "test", plan, maxRows, s)
	return s, result, err
}

// idle checks that nothing of the query is left on any shard.
func (f *fixture) idle(t testing.TB, id string) {
	t.Helper()
	f.Close()
	f.Idle(t, Tag(id))
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
