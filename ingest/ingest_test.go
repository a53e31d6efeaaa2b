package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

const dogs = `{"family":"dog_registry","schema":{"name":"string","breed":"string","weight":"int"},"logs":[` +
	`{"name":"spot","breed":"labrador","weight":100},` +
	`{"name":"max","breed":"chihuahua","weight":3},` +
	`{"name":"sprinkle","breed":"pitbull","weight":50}]}`

func TestExample(t *testing.T) {
	f := newFixture(t, 1)
	result := f.put(t, dogs)
	want := &Result{Family: "dog_registry", Accepted: 3, Created: true, ColumnsAdded: []string{"name", "breed", "weight"}}
	if !reflect.DeepEqual(result, want) {
		t.Errorf("%+v", result)
	}
	result = f.put(t, dogs)
	if !reflect.DeepEqual(result, &Result{Family: "dog_registry", Accepted: 3}) {
		t.Errorf("again: %+v", result)
	}
	if got := f.texts(t, "dog_registry", "SELECT * FROM dog_registry ORDER BY id"); !reflect.DeepEqual(got, [][]string{
		{"1", "spot", "labrador", "100"}, {"2", "max", "chihuahua", "3"}, {"3", "sprinkle", "pitbull", "50"},
		{"4", "spot", "labrador", "100"}, {"5", "max", "chihuahua", "3"}, {"6", "sprinkle", "pitbull", "50"},
	}) {
		t.Errorf("rows %v", got)
	}
	if got := f.texts(t, "dog_registry", "SELECT * FROM raw_logs ORDER BY id LIMIT 2"); !reflect.DeepEqual(got, [][]string{
		{"1", "dog_registry", `{"breed":"labrador","name":"spot","weight":100}`},
		{"2", "dog_registry", `{"breed":"chihuahua","name":"max","weight":3}`},
	}) {
		t.Errorf("raw logs %v", got)
	}
	if n := f.count(t, "dog_registry", "raw_logs"); n != 6 {
		t.Errorf("%d raw logs", n)
	}
}

// TestColumnsAdded names columns, not fields.
func TestColumnsAdded(t *testing.T) {
	f := newFixture(t, 1)
	r := f.put(t, `{"family":"c","schema":{"id":"int","a":"int"},"logs":[{"id":7,"a":1}]}`)
	if want := []string{"_id", "a"}; !reflect.DeepEqual(r.ColumnsAdded, want) {
		t.Errorf("got %v, want %v", r.ColumnsAdded, want)
	}
}

// TestForeignName leaves nothing of a family whose name a table on the shard
// has already.
func TestForeignName(t *testing.T) {
	f := newFixture(t, 1)
	f.exec(t, "", "CREATE TABLE plain (a INT)")
	_, err := f.Put(t.Context(), []byte(`{"family":"plain","schema":{"a":"int"},"logs":[{"a":1}]}`))
	const want = "family plain: shard s0: name taken by a table that is not this family's"
	if !errors.Is(err, catalog.ErrNameTaken) || err.Error() != want {
		t.Errorf("got %v", err)
	}
	sh, _ := f.shards.Shard("s0")
	name, columns, err := sh.Describe(t.Context(), "", "PLAIN")
	if err != nil {
		t.Fatal(err)
	}
	table := &catalog.Table{Name: name, Columns: columns, Placements: []catalog.Placement{{Shard: "s0"}}}
	for range 2 {
		if err := f.catalog.RegisterTable(t.Context(), table); err != nil {
			t.Errorf("the table can't be registered: %v", err)
		}
	}
	f.exec(t, "", "DROP TABLE plain")
	if err := f.catalog.UnregisterTable(t.Context(), "plain"); err != nil {
		t.Fatal(err)
	}
	f.put(t, `{"family":"plain","schema":{"a":"int"},"logs":[{"a":1}]}`)
}

func TestEmptySchema(t *testing.T) {
	f := newFixture(t, 1)
	if r := f.put(t, `{"family":"e","schema":{},"logs":[]}`); !r.Created || r.Accepted != 0 || r.ColumnsAdded != nil {
		t.Errorf("%+v", r)
	}
	if r := f.put(t, `{"family":"e","schema":{},"logs":[{},{},{}]}`); r.Created || r.Accepted != 3 {
		t.Errorf("%+v", r)
	}
	if got := f.texts(t, "e", "SELECT e.*, r.log FROM e JOIN raw_logs r USING (id) ORDER BY id"); !reflect.DeepEqual(got, [][]string{
		{"1", "{}"}, {"2", "{}"}, {"3", "{}"},
	}) {
		t.Errorf("rows %v", got)
	}
}

func TestEvolution(t *testing.T) {
	f := newFixture(t, 1)
	f.put(t, `{"family":"Ev","schema":{"ID":"int","a":"json"},"logs":[{"ID":7,"a":[1]}]}`)
	r := f.put(t, `{"family":"ev","schema":{"b":"string","a":"int","c":"float"},"logs":[{"a":5,"c":1}]}`)
	if !reflect.DeepEqual(r, &Result{Family: "Ev", Accepted: 1, ColumnsAdded: []string{"b", "c"}}) {
		t.Errorf("%+v", r)
	}
	if got := f.texts(t, "Ev", "SELECT * FROM Ev ORDER BY id"); !reflect.DeepEqual(got, [][]string{
		{"1", "7", "[1]", "NULL", "NULL"}, {"2", "NULL", "5", "NULL", "1"},
	}) {
		t.Errorf("rows %v", got)
	}
	if got := f.texts(t, "Ev", "SELECT family, log FROM raw_logs ORDER BY id"); !reflect.DeepEqual(got, [][]string{
		{"Ev", `{"ID":7,"a":[1]}`}, {"Ev", `{"a":5,"c":1}`},
	}) {
		t.Errorf("raw logs %v", got)
	}
	_, err := f.Put(t.Context(), []byte(`{"family":"ev","schema":{"c":"string"},"logs":[{"c":"x"}]}`))
	if conflict, ok := errors.AsType[*catalog.TypeConflictError](err); !ok || conflict.Field != "c" {
		t.Errorf("another type: %v", err)
	}
	_, err = f.Put(t.Context(), []byte(`{"family":"ev","schema":{"B":"string"},"logs":[]}`))
	if _, ok := errors.AsType[*catalog.CaseConflictError](err); !ok {
		t.Errorf("another case: %v", err)
	}
	if n := f.count(t, "Ev", "Ev"); n != 2 {
		t.Errorf("%d rows", n)
	}
}

// TestNothingOfAnInvalidRequest checks that neither a table nor a row is made
// of a request whose last event is wrong.
func TestNothingOfAnInvalidRequest(t *testing.T) {
	f := newFixture(t, 1)
	_, err := f.Put(t.Context(), []byte(`{"family":"n","schema":{"a":"int"},"logs":[{"a":1},{"a":"x"}]}`))
	if found, ok := errors.AsType[*InvalidError](err); !ok || found.Errors[0].Event != 1 {
		t.Errorf("%v", err)
	}
	if _, ok := f.catalog.Snapshot().Table("n"); ok {
		t.Error("the family was created")
	}
	if n := f.count(t, "n", "raw_logs"); n != 0 {
		t.Errorf("%d raw logs", n)
	}
}

func TestWithoutRawLogs(t *testing.T) {
	f := newFixture(t, 1, func(c *Config) { c.RawLogs = false })
	f.put(t, dogs)
	if n := f.count(t, "dog_registry", "raw_logs"); n != 0 {
		t.Errorf("%d raw logs", n)
	}
	if n := f.count(t, "dog_registry", "dog_registry"); n != 3 {
		t.Errorf("%d rows", n)
	}
}

func TestLogEvents(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key != slog.MessageKey {
			return slog.Attr{}
		}
		return a
	}}))
	f := newFixture(t, 1, func(c *Config) { c.LogEvents, c.Logger = true, logger })
	f.put(t, `{"family":"dog_registry","schema":{"name":"string","weight":"int","f":"double","ok":"bool","at":"timestamp","j":"array"},"logs":[
		{"weight":-3,"name":"spot","f":1.50,"ok":true,"at":"2024-01-01T01:00:00+01:00","j":[ "a" ]},{"name":null}]}`)
	want := `Received logs for the dog_registry log family
Log values for the field name of the dog_registry log will be of type string
Log values for the field weight of the dog_registry log will be of type int
Log values for the field f of the dog_registry log will be of type float
Log values for the field ok of the dog_registry log will be of type bool
Log values for the field at of the dog_registry log will be of type timestamp
Log values for the field j of the dog_registry log will be of type json
Handling a new log event for the dog_registry log family
The value of the weight field in the dog_registry log event is -3
The value of the name field in the dog_registry log event is spot
The value of the f field in the dog_registry log event is 1.5
The value of the ok field in the dog_registry log event is true
The value of the at field in the dog_registry log event is 2024-01-01 00:00:00.000000
The value of the j field in the dog_registry log event is ["a"]
Handling a new log event for the dog_registry log family
The value of the name field in the dog_registry log event is null
`
	got := strings.NewReplacer(`msg="`, "", "\"\n", "\n", `\"`, `"`).Replace(out.String())
	if got != want {
		t.Errorf("logged:\n%s\nwant:\n%s", got, want)
	}
}

// TestLargeEvents stores an event of nearly the limit, in a statement with
// others, and refuses a larger one. Where the server's own limit for a row is
// below that, it is the server's which is told.
func TestLargeEvents(t *testing.T) {
	f := newFixture(t, 1)
	largest := 15<<20 - 100
	if localtest.Backend(t).Vendor == server.TiDB {
		largest = 5 << 20
		_, err := f.Put(t.Context(), []byte(`{"family":"large","schema":{"v":"string"},"logs":[{},{"v":"`+strings.Repeat("x", 7<<20)+`"}]}`))
		if r := fault.Of(err); r.Code != fault.TooLarge || len(r.Events) != 1 || r.Events[0].Event != 1 || r.Events[0].Field != "v" {
			t.Errorf("beyond the server's limit: %.300v", err)
		}
	}
	text := func(n int) string { return `{"v":"` + strings.Repeat("é", n/2) + `"}` }
	body := func(n int) string {
		return `{"family":"large","schema":{"v":"string"},"logs":[` + text(900<<10) + "," + text(n) + "," + text(900<<10) + `]}`
	}
	f.put(t, body(largest))
	if got := f.texts(t, "large", "SELECT LENGTH(v) FROM large ORDER BY id"); !reflect.DeepEqual(got, [][]string{
		{"921600"}, {fmt.Sprint(largest)}, {"921600"},
	}) {
		t.Errorf("lengths %v", got)
	}
	_, err := f.Put(t.Context(), []byte(body(15<<20)))
	if large, ok := errors.AsType[*TooLargeError](err); !ok || large.Event != 1 || large.Limit != 15<<20 {
		t.Errorf("%v", err)
	}
	if n := f.count(t, "large", "large"); n != 3 {
		t.Errorf("%d rows", n)
	}
}

// TestCatalogDown stores events of a known family, and refuses those that
// need the catalog.
func TestCatalogDown(t *testing.T) {
	f := newFixture(t, 1)
	f.put(t, dogs)
	in, err := New(Config{Catalog: catalogDown{f.catalog}, Shards: f.shards, Tables: f.cfg.Tables, RawLogs: true})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if r, err := in.Put(t.Context(), []byte(dogs)); err != nil || r.Accepted != 3 {
		t.Errorf("known family: %v", err)
	}
	if _, err := in.Put(t.Context(), []byte(`{"family":"new","schema":{},"logs":[]}`)); !errors.Is(err, catalog.ErrUnavailable) {
		t.Errorf("new family: %v", err)
	}
	f.exec(t, "dog_registry", "DROP TABLE dog_registry")
	if _, err := in.Put(t.Context(), []byte(dogs)); !isServerError(err, 1146) {
		t.Errorf("table gone: %v", err)
	}
}

// TestStaleSnapshot stores events through a process that doesn't know yet
// what another one has done to the family.
func TestStaleSnapshot(t *testing.T) {
	for name, tt := range map[string]struct {
		meanwhile func(t *testing.T, other *fixture)
		body      string
		want      *Result
		rows      int
		conflict  bool
	}{
		"dropped": {
			meanwhile: func(*testing.T, *fixture) {}, body: dogs,
			want: &Result{Family: "dog_registry", Accepted: 3, Created: true, ColumnsAdded: []string{"name", "breed", "weight"}}, rows: 3,
		},
		"created again": {
			meanwhile: func(t *testing.T, other *fixture) { other.put(t, dogs) }, body: dogs,
			want: &Result{Family: "dog_registry", Accepted: 3}, rows: 6,
		},
		"created again with fewer fields": {
			meanwhile: func(t *testing.T, other *fixture) {
				other.put(t, `{"family":"dog_registry","schema":{"name":"string","breed":"json"},"logs":[]}`)
			}, body: dogs,
			want: &Result{Family: "dog_registry", Accepted: 3, ColumnsAdded: []string{"weight"}}, rows: 3,
		},
		"created again with other types": {
			meanwhile: func(t *testing.T, other *fixture) {
				other.put(t, `{"family":"dog_registry","schema":{"name":"int"},"logs":[]}`)
			}, body: dogs, conflict: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			f.put(t, dogs)
			other := fixtureOn(t, f.addresses, f.database)
			if err := other.catalog.DropFamily(t.Context(), "dog_registry"); err != nil {
				t.Fatal(err)
			}
			tt.meanwhile(t, other)
			result, err := f.Put(t.Context(), []byte(tt.body))
			if _, ok := errors.AsType[*catalog.TypeConflictError](err); ok != tt.conflict || !ok && err != nil {
				t.Fatalf("%v", err)
			}
			if !reflect.DeepEqual(result, tt.want) {
				t.Errorf("%+v", result)
			}
			if n := f.count(t, "dog_registry", "raw_logs"); n != tt.rows {
				t.Errorf("%d raw logs, want %d", n, tt.rows)
			}
			if n := f.count(t, "dog_registry", "dog_registry"); n != tt.rows {
				t.Errorf("%d rows, want %d", n, tt.rows)
			}
		})
	}
}

func TestClosed(t *testing.T) {
	f := newFixture(t, 1)
	f.put(t, dogs)
	f.Close()
	if _, err := f.Put(t.Context(), []byte(dogs)); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestUnknownShard(t *testing.T) {
	f := newFixture(t, 1)
	f.put(t, dogs)
	empty, err := shard.NewSet(shard.Config{Username: "root", Database: f.database})
	if err != nil {
		t.Fatal(err)
	}
	in, err := New(Config{Catalog: f.catalog, Shards: empty, Tables: f.cfg.Tables})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := in.Put(context.Background(), []byte(dogs)); !errors.Is(err, shard.ErrUnknown) {
		t.Errorf("%v", err)
	}
}
