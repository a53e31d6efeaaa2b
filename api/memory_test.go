//go:build gms_pure_go

package api

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/proxy/memtest"
	"github.com/kolide/databalancer/router"
)

// newMemoryFixture is an API with the real router and proxy over two servers
// in memory. dogs is on the first, cats on the second.
func newMemoryFixture(t *testing.T) *fixture {
	t.Helper()
	addresses := []string{
		memtest.Server(t, "CREATE TABLE dogs (id BIGINT PRIMARY KEY, name LONGTEXT, good BOOLEAN, big BIGINT UNSIGNED, price DECIMAL(20,2), born DATETIME(6))",
			`INSERT INTO dogs VALUES (1, 'spot', 1, 18446744073709551615, 123456789012345678.10, '2024-01-02 03:04:05.000006'), (2, 'say "hi", é', 0, 7, 0.50, NULL), (3, NULL, NULL, NULL, NULL, NULL)`),
		memtest.Server(t, "CREATE TABLE cats (id BIGINT PRIMARY KEY, name LONGTEXT)", `INSERT INTO cats VALUES (1, 'tom'), (2, '')`),
	}
	family := func(name, shard string, columns ...catalog.Column) *catalog.Table {
		columns = append([]catalog.Column{{Name: "id", Type: catalog.Int}}, columns...)
		for i := range columns {
			columns[i].Position, columns[i].Nullable = i, i > 0
		}
		return &catalog.Table{ID: 1, Name: name, Kind: catalog.Family, Columns: columns, Placements: []catalog.Placement{{Shard: shard}}}
	}
	name := catalog.Column{Name: "name", Type: catalog.Text}
	set, snap := memtest.Shards(t, addresses,
		family("dogs", "s0", name, catalog.Column{Name: "good", Type: catalog.Bool}, catalog.Column{Name: "big", Type: catalog.Int},
			catalog.Column{Name: "price", Type: catalog.Decimal}, catalog.Column{Name: "born", Type: catalog.Timestamp}),
		family("cats", "s1", name))
	f := newFixture(t, func(c *Config) {
		c.Catalog.(*fakeCatalog).snapshot = snap
		c.Shards = set
		c.Proxy = proxy.New(proxy.Config{Catalog: c.Catalog, Router: router.New(router.Config{Database: memtest.Database}), Shards: set})
	})
	f.server.Close()
	f.server = httptest.NewServer(f.API)
	t.Cleanup(f.server.Close)
	return f
}

func TestInMemoryQueries(t *testing.T) {
	f := newMemoryFixture(t)
	tests := []struct{ name, path, body, want string }{
		{"objects", "", `{"query":"SELECT id, name, good, big, price, born FROM dogs ORDER BY id"}`,
			`{"results":[{"id":1,"name":"spot","good":true,"big":18446744073709551615,"price":123456789012345678.10,"born":"2024-01-02 03:04:05.000006"},` +
				`{"id":2,"name":"say \"hi\", é","good":false,"big":7,"price":0.50,"born":null},{"id":3,"name":null,"good":null,"big":null,"price":null,"born":null}],"truncated":false,`},
		{"arrays and quoted integers", "", `{"query":"SELECT id, big, price FROM dogs WHERE id = ?","args":[1],"shape":"arrays","quote_large_ints":true}`,
			`{"columns":[{"name":"id","type":"int"},{"name":"big","type":"int"},{"name":"price","type":"decimal"}],"rows":[[1,"18446744073709551615","123456789012345678.10"]],`},
		{"csv", "?format=csv", `{"query":"SELECT id, name, good, born FROM dogs ORDER BY id"}`,
			"id,name,good,born\r\n1,spot,true,2024-01-02 03:04:05.000006\r\n2,\"say \"\"hi\"\", é\",false,\r\n3,,,\r\n"},
		{"ndjson", "?format=ndjson", `{"query":"SELECT * FROM cats ORDER BY id"}`, `{"id":1,"name":"tom"}` + "\n" + `{"id":2,"name":""}` + "\n"},
		{"several shards", "", `{"query":"SELECT name FROM cats UNION ALL SELECT name FROM dogs WHERE id = 1"}`,
			`{"results":[{"name":"tom"},{"name":""},{"name":"spot"}],"truncated":false,`},
		{"limit", "", `{"query":"SELECT id FROM dogs ORDER BY id","limit":2}`, `{"results":[{"id":1},{"id":2}],"truncated":true,"limit":2,`},
		{"repeated names", "", `{"query":"SELECT id, id, id FROM cats WHERE id = 1"}`, `{"results":[{"id":1,"id:2":1,"id:3":1}],`},
		{"no table", "", `{"query":"SELECT 1 + 1 AS two"}`, `{"results":[{"two":2}],`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := f.do(t, "POST", "/api/query"+tt.path, tt.body)
			r.expect(t, 200, "")
			if !strings.HasPrefix(r.body, tt.want) {
				t.Errorf("%s\nwant\n%s", r.body, tt.want)
			}
		})
	}
}

func TestInMemoryRefusals(t *testing.T) {
	f := newMemoryFixture(t)
	for query, want := range map[string]struct {
		status int
		code   string
	}{
		"SELECT FROM":              {400, "syntax"},
		"SELECT * FROM birds":      {404, "unknown_table"},
		"DELETE FROM dogs":         {403, "not_select"},
		"SELECT SLEEP(1)":          {403, "forbidden_function"},
		"SELECT * FROM mysql.user": {403, "forbidden_table"},
		"SELECT RAND(1) FROM dogs JOIN cats USING (id)": {422, "unsupported"},
	} {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		r := f.query(t, string(body))
		t.Log(query)
		r.expect(t, want.status, want.code)
	}
}

func TestInMemoryStale(t *testing.T) {
	f := newMemoryFixture(t)
	wrong := catalog.NewSnapshot(1, f.catalog.snapshot.Shards(), []*catalog.Table{
		{ID: 1, Name: "cats", Kind: catalog.Family, Placements: []catalog.Placement{{Shard: "s1"}}, Columns: []catalog.Column{{Name: "id", Type: catalog.Int}}},
		{ID: 2, Name: "dogs", Kind: catalog.Family, Placements: []catalog.Placement{{Shard: "s1"}}, Columns: []catalog.Column{{Name: "id", Type: catalog.Int}}},
	})
	right := catalog.NewSnapshot(2, f.catalog.snapshot.Shards(), []*catalog.Table{tableOf(t, f, "cats"), tableOf(t, f, "dogs")})
	f.catalog.snapshot = wrong
	f.catalog.refresh = func() (*catalog.Snapshot, error) { return right, nil }
	for query, want := range map[string]string{
		`{"query":"SELECT id FROM dogs WHERE id = 1"}`: `{"results":[{"id":1}],`,
		`{"query":"SELECT * FROM cats WHERE id = 1"}`:  `{"results":[{"id":1,"name":"tom"}],`,
	} {
		r := f.query(t, query)
		r.expect(t, 200, "")
		if !strings.HasPrefix(r.body, want) {
			t.Errorf("%s: %s", query, r.body)
		}
	}
	f.catalog.snapshot = catalog.NewSnapshot(1, right.Shards(), nil)
	for _, path := range []string{"/api/query", "/api/explain"} {
		f.catalog.refresh = func() (*catalog.Snapshot, error) { return right, nil }
		f.do(t, "POST", path, `{"query":"SELECT id FROM dogs"}`).expect(t, 200, "")
		f.catalog.refresh = nil
		f.do(t, "POST", path, `{"query":"SELECT id FROM dogs"}`).expect(t, 404, "unknown_table")
		f.catalog.refresh = func() (*catalog.Snapshot, error) { return nil, catalog.ErrUnavailable }
		f.do(t, "POST", path, `{"query":"SELECT id FROM dogs"}`).expect(t, 503, "catalog_unavailable")
	}
	f.catalog.snapshot, f.catalog.refresh = wrong, nil
	f.query(t, `{"query":"SELECT * FROM cats"}`).expect(t, 409, "stale_table")
}

func tableOf(t *testing.T, f *fixture, name string) *catalog.Table {
	t.Helper()
	table, ok := f.catalog.snapshot.Table(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	return table
}

func TestInMemoryShards(t *testing.T) {
	f := newMemoryFixture(t)
	r := f.do(t, "GET", "/readyz", "")
	r.expect(t, 200, "")
	if want := `{"status":"ok","checks":[{"name":"catalog","status":"ok"},{"name":"shard s0","status":"ok"},{"name":"shard s1","status":"ok"}]}` + "\n"; r.body != want {
		t.Error(r.body)
	}
	r = f.do(t, "GET", "/api/shards", "")
	var answer struct{ Shards []shardInfo }
	if err := json.Unmarshal([]byte(r.body), &answer); err != nil {
		t.Fatal(err)
	}
	for _, s := range answer.Shards {
		if s.Server == "" || s.LatencyMS == nil || s.Error != "" || s.Families != 1 {
			t.Errorf("%+v", s)
		}
	}
}

func TestInMemoryRegistration(t *testing.T) {
	f := newMemoryFixture(t)
	r := f.do(t, "PUT", "/api/tables/cats", `{"shard":"s1"}`)
	r.expect(t, 200, "")
	const want = `{"name":"cats","columns":[{"name":"id","type":"bigint","nullable":false},{"name":"name","type":"longtext","nullable":true}],"shards":["s1"]}` + "\n"
	if r.body != want {
		t.Errorf("%s, want %s", r.body, want)
	}
	checkAnswer(t, loadOpenAPI(t).Paths.Find("/api/tables/{table}").Put, r)
	if got := f.catalog.table; got == nil || got.Name != "cats" || got.Kind != catalog.Registered || len(got.Columns) != 2 {
		t.Errorf("registered %+v", got)
	}
	f.do(t, "PUT", "/api/tables/birds", `{"shard":"s1"}`).expect(t, 404, "unknown_table")
	f.do(t, "PUT", "/api/tables/user", `{"shard":"s1","database":"mysql"}`).expect(t, 403, "forbidden_table")
}

func TestInMemorySizes(t *testing.T) {
	f := newMemoryFixture(t)
	r := f.do(t, "GET", "/api/families/dogs", "")
	r.expect(t, 200, "")
	var info familyInfo
	if err := json.Unmarshal([]byte(r.body), &info); err != nil {
		t.Fatal(err)
	}
	if info.Rows == nil || info.Bytes == nil || len(info.Placements) != 1 || info.Placements[0].Error != "" {
		t.Error(r.body)
	}
}
