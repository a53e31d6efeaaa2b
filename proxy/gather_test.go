package proxy

import (
	"errors"
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/proxy/shardtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// shop puts orders on s0 and customers on s1.
func shop(t testing.TB, f *fixture) {
	t.Helper()
	f.Exec(t, 0, "CREATE TABLE orders (customer BIGINT, uid LONGTEXT)", "INSERT INTO orders SELECT seq % 7, CONCAT('u', seq % 7) FROM "+localtest.Numbers(1, 100)+" AS s")
	f.Exec(t, 1, "CREATE TABLE customers (id BIGINT)", "INSERT INTO customers VALUES (0), (1), (2), (9)")
}

// A server for gathering is home to what no shard is.
func TestGatherAtGatherer(t *testing.T) {
	localtest.NeedGathers(t)
	shards := shardtest.New(t, 3)
	address := shards.Addresses[2]
	f := over(shardtest.At(t, shards.Addresses[:2], shards.Database))
	other := over(shardtest.At(t, f.Addresses, f.Database))
	shop(t, f)
	for _, set := range []*shard.Set{f.Set, other.Set} {
		if err := set.AddGatherer(t.Context(), "g", address, server.Collation); err != nil {
			t.Fatal(err)
		}
	}
	steps := []router.Step{shipping("s0", "t1", "SELECT customer FROM orders", "customer"), shipping("s1", "t2", "SELECT id FROM customers", "id")}
	s, _, err := f.run(t, gathering("g", "SELECT COUNT(*) AS n FROM t1 JOIN t2 ON t1.customer = t2.id", steps...), 0)
	if err != nil || !slices.Equal(s.rows, []string{"44"}) {
		t.Errorf("got %q, %v", s.rows, err)
	}
	f.idle(t, "test")
	f.Clean(t)
	f.Addresses = append(f.Addresses, address) // to watch it
	done := f.start(t.Context(), "q", gathering("g", endless, steps...), &sink{})
	f.AwaitRunning(t, 2, Tag("q"), "")
	if found, err := other.Cancel(t.Context(), "q"); !found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	if r := await(t, done); !errors.Is(r.err, ErrCancelled) {
		t.Errorf("%v, want ErrCancelled", r.err)
	}
	f.idle(t, "q")
}

func TestGatherColumns(t *testing.T) {
	localtest.NeedGathers(t)
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE d (good BOOLEAN, tags JSON, name LONGTEXT, at DATETIME(6))", `INSERT INTO d VALUES (1, '["a"]', 'x', '2024-01-02 03:04:05.000006')`)
	step := shipping("s1", "t1", "SELECT good, tags, name, at FROM d", "name")
	step.Ship.JSON = []string{"tags"}
	plan := gathering("s0", "SELECT good, tags, name, at, JSON_OBJECT('t', tags) AS o FROM t1", step)
	plan.Columns = []router.Column{{Name: "good", Type: catalog.Bool}, {Name: "tags", Type: catalog.JSON}, {Name: "name", Type: catalog.Text}, {Name: "at"}, {Name: "o"}}
	s, _, err := f.run(t, plan, 0)
	want := []Column{{"good", catalog.Bool}, {"tags", catalog.JSON}, {"name", catalog.Text}, {"at", catalog.Timestamp}, {"o", catalog.Text}}
	if !localtest.Backend(t).JSONIsText() {
		want[4].Type = catalog.JSON
	}
	if err != nil || !slices.Equal(s.columns, want) {
		t.Fatalf("columns %v, %v; want %v", s.columns, err, want)
	}
	if want := []string{`1 ["a"] x 2024-01-02 03:04:05.000006 {"t": ["a"]}`}; !slices.Equal(s.rows, want) {
		t.Errorf("rows %q, want %q", s.rows, want)
	}
}

func TestGatherRefusals(t *testing.T) {
	localtest.NeedGathers(t)
	f := newFixture(t, 2)
	shop(t, f)
	for name, plan := range map[string]*router.Plan{
		"a table that is not there":          gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT id FROM nothing")),
		"a column that is not there":         gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT nothing FROM customers")),
		"a table that is not at home":        gathering("s0", "SELECT 1 FROM nothing", shipping("s1", "t1", "SELECT id FROM customers")),
		"a shard that is not there":          gathering("s0", "SELECT 1", shipping("s9", "t1", "SELECT id FROM customers")),
		"steps that do not fit in one table": gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT id FROM customers"), shipping("s0", "t1", "SELECT uid FROM orders")),
	} {
		asked := f.catalog.asked.Load()
		if s, _, err := f.run(t, plan, 0); err == nil || s.columns != nil || f.catalog.asked.Load() != asked+1 {
			t.Errorf("%s: %v, and the catalog was not asked", name, err)
		}
		f.idle(t, "test")
		f.Clean(t)
	}
	var server *shard.ServerError
	if _, _, err := f.run(t, gathering("s0", "SELECT 1 FROM t1 WHERE", shipping("s1", "t1", "SELECT id FROM customers")), 0); !errors.As(err, &server) || server.Number != 1064 {
		t.Errorf("%v, want the error 1064", err)
	}
	f.idle(t, "test")
	f.Clean(t)
}
