package gather

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/proxy/shardtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// fixture is a gatherer over the shards s0, s1 ….
type fixture struct {
	*Gatherer
	*shardtest.Shards
}

func newFixture(t testing.TB, n int, change ...func(*shard.Config)) *fixture {
	t.Helper()
	localtest.NeedGathers(t)
	f := &fixture{Shards: shardtest.New(t, n, change...)}
	f.use(Config{})
	return f
}

// use gives the fixture a gatherer.
func (f *fixture) use(cfg Config) {
	cfg.Shard = f.Set.Shard
	f.Gatherer = New(cfg)
}

// What shardtest has for plans, by short names.
var shipping, gathering = shardtest.Shipping, shardtest.Gathering

const endless, wide = shardtest.Endless, shardtest.Wide

// tag is how the statements of a test's query begin.
func tag(id string) string { return "/* databalancer query_id=" + id + " */" }

// answer keeps what a gather answers.
type answer struct {
	columns []shard.ColumnType // nil: it was not called
	rows    []string           // values separated by blanks
	row     func() error       // called before each row is kept; may be nil
	steps   []StepStats
}

func (a *answer) take(rows *shard.Rows) (int64, error) {
	a.columns = rows.Columns()
	for rows.Next() {
		if a.row != nil {
			if err := a.row(); err != nil {
				return int64(len(a.rows)), err
			}
		}
		texts := make([]string, len(rows.Values()))
		for i, v := range rows.Values() {
			texts[i] = string(v)
			if v == nil {
				texts[i] = "NULL"
			}
		}
		a.rows = append(a.rows, strings.Join(texts, " "))
	}
	return int64(len(a.rows)), rows.Err()
}

// run runs a plan as the query "test".
func (f *fixture) run(t testing.TB, plan *router.Plan) (*answer, error) {
	t.Helper()
	a := &answer{}
	err := f.ask(t.Context(), "test", plan, a)
	return a, err
}

func (f *fixture) ask(ctx context.Context, id string, plan *router.Plan, a *answer) (err error) {
	q := Query{Plan: plan, Tag: tag(id)}
	if plan.Clock {
		q.Clock = strconv.FormatInt(time.Now().Unix(), 10) + ".25"
	}
	a.steps, err = f.Run(ctx, q, a.take)
	return err
}

// start runs a plan in the background.
func (f *fixture) start(ctx context.Context, id string, plan *router.Plan, a *answer) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f.ask(ctx, id, plan, a) }()
	return done
}

// await returns the outcome of start.
func await(t testing.TB, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the run does not return")
		return nil
	}
}

// left checks that nothing of a query is left on any server.
func (f *fixture) left(t testing.TB, id string) {
	t.Helper()
	f.Close()
	f.Idle(t, tag(id))
	f.Clean(t)
}

// shop puts orders on s0 and customers on s1.
func shop(t testing.TB, f *fixture) {
	t.Helper()
	f.Exec(t, 0, "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer BIGINT, uid LONGTEXT COLLATE utf8mb4_unicode_ci, amount DECIMAL(10,2))",
		"INSERT INTO orders SELECT seq, seq % 7, CONCAT('u', seq % 7), seq / 4 FROM "+localtest.Numbers(1, 100)+" AS s")
	f.Exec(t, 1, "CREATE TABLE customers (id BIGINT PRIMARY KEY, uid LONGTEXT COLLATE utf8mb4_unicode_ci, name LONGTEXT)",
		"INSERT INTO customers VALUES (0, 'u0', 'zero'), (1, 'U1', 'one'), (2, 'u2 ', 'two'), (9, NULL, NULL)")
}

// server returns what s0 says of itself.
func (f *fixture) server(t testing.TB) server.Info {
	t.Helper()
	sh, err := f.Set.Shard("s0")
	if err != nil {
		t.Fatal(err)
	}
	info, err := sh.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info
}
