//go:build gms_pure_go

package proxy

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy/memtest"
	"github.com/kolide/databalancer/proxy/shardtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// newMemoryFixture is a proxy over two servers in memory, each with a table
// dogs.
func newMemoryFixture(t *testing.T) *fixture {
	t.Helper()
	var addresses []string
	for _, row := range []string{"(1, 'spot', 1), (2, NULL, 0)", "(3, 'max', NULL)"} {
		addresses = append(addresses, memtest.Server(t,
			"CREATE TABLE dogs (id BIGINT PRIMARY KEY, name LONGTEXT, good BOOLEAN)", "INSERT INTO dogs VALUES "+row))
	}
	set, _ := memtest.Shards(t, addresses)
	return over(&shardtest.Shards{Set: set})
}

func TestInMemory(t *testing.T) {
	f := newMemoryFixture(t)
	good := []router.Column{{Name: "id", Type: catalog.Int}, {Name: "name", Type: catalog.Text}, {Name: "good", Type: catalog.Bool}}
	columns := []Column{{"id", catalog.Int}, {"name", catalog.Text}, {"good", catalog.Bool}}
	tests := []struct {
		name    string
		plan    *router.Plan
		maxRows int
		rows    []string
		result  Result
	}{
		{"single", single("SELECT * FROM dogs ORDER BY id"), 0, []string{"1 spot 1", "2 NULL 0"}, Result{Rows: 2}},
		{"truncated", single("SELECT * FROM dogs ORDER BY id"), 1, []string{"1 spot 1"}, Result{Rows: 1, Truncated: true}},
		{"concat", concat("SELECT * FROM dogs ORDER BY id", "SELECT * FROM dogs"), 0, []string{"1 spot 1", "2 NULL 0", "3 max NULL"}, Result{Rows: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.plan.Columns = good
			s, result, err := f.run(t, tt.plan, tt.maxRows)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(result, tt.result) || !slices.Equal(s.columns, columns) || !slices.Equal(s.rows, tt.rows) {
				t.Errorf("%+v %v %q", result, s.columns, s.rows)
			}
		})
	}
}

func TestInMemoryStale(t *testing.T) {
	f := newMemoryFixture(t)
	for name, plan := range map[string]*router.Plan{
		"unknown table": single("SELECT * FROM cats"),
		"other columns": single("SELECT * FROM dogs", router.Column{Name: "id"}),
	} {
		asked := f.catalog.asked.Load()
		if _, _, err := f.run(t, plan, 0); err == nil || !strings.Contains(err.Error(), "shard s0") {
			t.Errorf("%s: %v, want an error of s0", name, err)
		}
		if f.catalog.asked.Load() != asked+1 {
			t.Errorf("%s: the catalog was not asked", name)
		}
	}
	var server *shard.ServerError
	if _, _, err := f.run(t, single("SELECT nonsense("), 0); !errors.As(err, &server) || server.Number == 0 {
		t.Errorf("%v, want an error of the server", err)
	}
}
