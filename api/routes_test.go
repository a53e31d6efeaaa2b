package api

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/ingest"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

func TestRouting(t *testing.T) {
	f := newFixture(t)
	tests := []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"GET", "/", 404, "not_found", ""},
		{"GET", "/api", 404, "not_found", ""},
		{"POST", "/api/query/", 404, "not_found", ""},
		{"GET", "/API/describe", 404, "not_found", ""},
		{"DELETE", "/api/query/a/b", 404, "not_found", ""},
		{"GET", "/api/log", 405, "method_not_allowed", "OPTIONS, POST, PUT"},
		{"GET", "/api/query", 405, "method_not_allowed", "OPTIONS, POST"},
		{"OPTIONS", "/api/query", 200, "", "OPTIONS, POST"},
		{"POST", "/api/describe", 405, "method_not_allowed", "GET, HEAD, OPTIONS"},
		{"PATCH", "/api/families/dogs", 405, "method_not_allowed", "DELETE, GET, HEAD, OPTIONS"},
		{"DELETE", "/api/shards/a", 405, "method_not_allowed", "OPTIONS, PATCH, PUT"},
		{"HEAD", "/healthz", 200, "", ""},
		{"HEAD", "/api/describe", 200, "", ""},
	}
	for _, tt := range tests {
		r := f.do(t, tt.method, tt.path, "")
		t.Log(tt.method, tt.path)
		r.expect(t, tt.status, tt.code)
		if got := r.Header.Get("Allow"); got != tt.allow {
			t.Errorf("Allow %q, want %q", got, tt.allow)
		}
		if tt.method != "OPTIONS" && r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Error("no nosniff")
		}
		if r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("another origin is permitted")
		}
	}
}

func TestPutLog(t *testing.T) {
	f := newFixture(t)
	f.ingester.put = func([]byte) (*ingest.Result, error) {
		return &ingest.Result{Family: "dogs", Accepted: 3, Created: true, ColumnsAdded: []string{"name", "age"}}, nil
	}
	for _, method := range []string{"PUT", "POST"} {
		r := f.do(t, method, "/api/log", "{}")
		r.expect(t, 200, "")
		if want := `{"family":"dogs","accepted":3,"created":true,"columns_added":["name","age"]}` + "\n"; r.body != want {
			t.Errorf("%s, want %s", r.body, want)
		}
	}
	f.ingester.put = func([]byte) (*ingest.Result, error) { return &ingest.Result{Family: "dogs"}, nil }
	r := f.do(t, "PUT", "/api/log", "{}")
	if want := `{"family":"dogs","accepted":0,"created":false,"columns_added":[]}` + "\n"; r.body != want {
		t.Errorf("%s, want %s", r.body, want)
	}
}

// What the catalog knows is shown as it is; the shards of the fixture do not
// answer.
func TestCatalogRoutes(t *testing.T) {
	f := newFixture(t)
	tests := []struct{ method, path, body, want string }{
		{"GET", "/api/describe", "", `{"tables":[` +
			`{"name":"breeds","columns":[{"name":"breed","type":"varchar","nullable":false}],"shards":["/run/b.sock"]},` +
			`{"name":"cat_registry","columns":[{"name":"id","type":"int","nullable":false}],"shards":["a","/run/b.sock"]},` +
			`{"name":"dog_registry","columns":[{"name":"id","type":"int","nullable":false},{"name":"name","type":"text","nullable":true}],"indexes":[{"columns":["name"]}],"shards":["a"]}]}`},
		{"GET", "/api/describe?table=DOG_registry", "", `{"tables":[{"name":"dog_registry","columns":[{"name":"id","type":"int","nullable":false},{"name":"name","type":"text","nullable":true}],"indexes":[{"columns":["name"]}],"shards":["a"]}]}`},
		{"GET", "/api/describe?table=raw_logs", "", `{"tables":[{"name":"raw_logs","columns":[{"name":"id","type":"int","nullable":false},{"name":"family","type":"text","nullable":false},{"name":"log","type":"json","nullable":false}],"shards":["a","/run/b.sock"]}]}`},
		{"GET", "/api/families", "", `{"families":[{"name":"cat_registry","columns":1,"shards":["a","/run/b.sock"]},{"name":"dog_registry","columns":2,"shards":["a"]}]}`},
		{"GET", "/api/families/Dog_Registry", "", `{"name":"dog_registry","columns":[{"name":"id","type":"int","nullable":false},{"name":"name","type":"text","nullable":true}],` +
			`"indexes":[{"columns":["name"]}],"placements":[{"shard":"a","number":0,"writable":true,"rows":null,"bytes":null,"error":"shard_unavailable"}],"rows":null,"bytes":null,"estimated":true}`},
		{"GET", "/api/shards", "", `{"shards":[` +
			`{"name":"a","address":"/nowhere/a.sock","state":"active","weight":1,"server":"","families":2,"rows":10,"bytes":1000,"latency_ms":null,"error":"shard_unavailable"},` +
			`{"name":"/run/b.sock","address":"/run/b.sock","state":"readonly","weight":2,"server":"","families":1,"rows":0,"bytes":0,"latency_ms":null,"error":"shard_unavailable"}]}`},
		{"PATCH", "/api/shards/%2Frun%2Fb.sock", `{"state":"readonly"}`, `{"name":"/run/b.sock","address":"/run/b.sock","state":"readonly","weight":2,"server":"","families":1,"rows":0,"bytes":0,"latency_ms":null,"error":"shard_unavailable"}`},
		{"PUT", "/api/shards/c", `{"address":"c:3306","weight":0.5}`, `{"name":"c","address":"c:3306","state":"active","weight":0.5,"server":"","families":0,"rows":0,"bytes":0,"latency_ms":null,"error":"unknown_shard"}`},
	}
	for _, tt := range tests {
		r := f.do(t, tt.method, tt.path, tt.body)
		r.expect(t, 200, "")
		if r.body != tt.want+"\n" {
			t.Errorf("%s %s:\n%s\nwant\n%s", tt.method, tt.path, r.body, tt.want)
		}
	}
}

func TestCatalogChanges(t *testing.T) {
	f := newFixture(t)
	var changes []string
	f.catalog.change = func(what string) error {
		changes = append(changes, what)
		return nil
	}
	f.do(t, "DELETE", "/api/families/dogs", "").expect(t, 204, "")
	f.do(t, "PUT", "/api/families/cat_registry/spread", `{"shards":2}`).expect(t, 200, "")
	f.do(t, "PUT", "/api/families/cat_registry/indexes", `{"columns":["a","b"]}`).expect(t, 200, "")
	f.do(t, "DELETE", "/api/families/cat_registry/indexes", `{"columns":["a"]}`).expect(t, 204, "")
	f.do(t, "PUT", "/api/families/cat_registry/indexes", `{"columns":["at"],"bucket":"hour"}`).expect(t, 200, "")
	f.do(t, "DELETE", "/api/families/cat_registry/indexes", `{"columns":["at"],"bucket":"day"}`).expect(t, 204, "")
	f.do(t, "DELETE", "/api/tables/breeds", "").expect(t, 204, "")
	f.do(t, "PATCH", "/api/shards/%2Frun%2Fb.sock", `{"state":"active"}`).expect(t, 200, "")
	f.do(t, "PUT", "/api/shards/c", `{"address":"c"}`).expect(t, 200, "")
	if got, want := strings.Join(changes, ", "), "drop dogs, spread cat_registry 2, index cat_registry [a b], unindex cat_registry [a], index cat_registry [at] hour, unindex cat_registry [at] day, unregister breeds, set /run/b.sock active, join c"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An index shows whether it has whole values, and buckets are shown that can be
// used.
func TestShadowsShown(t *testing.T) {
	f := newFixture(t)
	table := &catalog.Table{Name: "ev", Kind: catalog.Family, Indexes: []catalog.Index{{Columns: []string{"host"}}, {Columns: []string{"path"}}, {Columns: []string{"host", "at"}}},
		Shadows: []catalog.Shadow{{Column: "host", Position: 1, Usable: true}, {Column: "path", Position: 2},
			{Column: "at", Position: 3, Bucket: catalog.Hour, Usable: true}, {Column: "at", Position: 3, Bucket: catalog.Day}}}
	f.catalog.refresh = func() (*catalog.Snapshot, error) { return catalog.NewSnapshot(2, nil, []*catalog.Table{table}), nil }
	const want = `"indexes":[{"columns":["host"],"whole":true},{"columns":["path"]},{"columns":["host","at"]},{"columns":["at"],"bucket":"hour"}]`
	if r := f.do(t, "GET", "/api/describe?table=ev", ""); !strings.Contains(r.body, want) {
		t.Errorf("%s, want %s", r.body, want)
	}
}

// What another process did is seen, and what the catalog said last serves
// while it is away.
func TestDescribeIsNew(t *testing.T) {
	f := newFixture(t)
	newer := catalog.NewSnapshot(2, nil, []*catalog.Table{{Name: "new", Kind: catalog.Family}})
	f.catalog.refresh = func() (*catalog.Snapshot, error) { return newer, nil }
	if r := f.do(t, "GET", "/api/describe", ""); r.body != `{"tables":[{"name":"new","columns":[],"shards":[]}]}`+"\n" {
		t.Error(r.body)
	}
	f.catalog.refresh = func() (*catalog.Snapshot, error) { return nil, catalog.ErrUnavailable }
	if r := f.do(t, "GET", "/api/describe?table=breeds", ""); r.StatusCode != 200 {
		t.Error(r.body)
	}
}

func TestHealth(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Version = "1.2.3" })
	if r := f.do(t, "GET", "/healthz", ""); r.StatusCode != 200 || r.body != `{"status":"ok","version":"1.2.3"}`+"\n" {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	f.catalog.change = func(string) error { return catalog.ErrUnavailable }
	r := f.do(t, "GET", "/readyz", "")
	const lost = `"status":"failed","error":"shard_unavailable","detail":"the shard can't be reached"}`
	const want = `{"status":"unavailable","checks":[{"name":"catalog","status":"failed","error":"catalog_unavailable","detail":"` +
		`the catalog's server can't be reached; families that are known can still be stored and queried"},` +
		`{"name":"shard a",` + lost + `,{"name":"shard /run/b.sock",` + lost + `]}` + "\n"
	if r.StatusCode != 503 || r.body != want {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	f.catalog.cutOff = true
	if r := f.do(t, "GET", "/readyz", ""); !strings.Contains(r.body, `{"name":"catalog","status":"stale","error":"catalog_unavailable",`) {
		t.Errorf("cut off: %d %s", r.StatusCode, r.body)
	}
}

// TestHealthWithoutRights is not ready, and says why without the account's name.
func TestHealthWithoutRights(t *testing.T) {
	lacks := &shard.RightsError{Shard: "of the catalog", Role: server.ForCatalog, Account: "'somebody'@'%'",
		Missing: []server.Right{{Name: "ALTER", Database: "d_c"}}}
	f := newFixture(t, func(c *Config) { c.CatalogRights = func() error { return lacks } })
	r := f.do(t, "GET", "/readyz", "")
	const want = `{"status":"rights_missing","checks":[{"name":"catalog","status":"failed","error":"rights_missing",` +
		`"detail":"the catalog account lacks ALTER on d_c: GRANT ALTER ON ` + "`d\\\\_c`" + `.* TO …"},`
	if r.StatusCode != 503 || !strings.HasPrefix(r.body, want) {
		t.Errorf("got %d %s, want %s", r.StatusCode, r.body, want)
	}
}

func TestBadFamilyChanges(t *testing.T) {
	f := newFixture(t)
	f.catalog.change = func(what string) error {
		t.Errorf("reached the catalog: %s", what)
		return nil
	}
	for _, body := range []string{`{}`, `{"shards":0}`, `{"shards":-1}`, `{"shards":"2"}`, `{"shards":1.5}`, `{"shards":2,"more":1}`} {
		f.do(t, "PUT", "/api/families/dog_registry/spread", body).expect(t, 400, "invalid_argument")
	}
	for _, body := range []string{`{}`, `{"columns":[]}`, `{"columns":"name"}`, `{"columns":[1]}`, `{"column":["name"]}`,
		`{"bucket":"hour"}`, `{"columns":["at"],"bucket":"week"}`, `{"columns":["at"],"bucket":60}`} {
		f.do(t, "PUT", "/api/families/dog_registry/indexes", body).expect(t, 400, "invalid_argument")
		f.do(t, "DELETE", "/api/families/dog_registry/indexes", body).expect(t, 400, "invalid_argument")
	}
}

func TestReadiness(t *testing.T) {
	ok, failed, old := check{Status: "ok"}, check{Status: "failed", Error: "x"}, check{Status: "stale"}
	tests := []struct {
		catalog check
		shards  []check
		status  int
		text    string
	}{
		{ok, []check{ok, ok}, 200, "ok"},
		{ok, []check{ok, failed}, 200, "degraded"},
		{failed, []check{ok, ok}, 200, "degraded"},
		{old, []check{ok, failed}, 503, "stale"},
		{old, []check{failed}, 503, "unavailable"},
		{ok, []check{failed, failed}, 503, "unavailable"},
		{ok, nil, 503, "unavailable"},
	}
	for _, tt := range tests {
		if status, text := readiness(tt.catalog, tt.shards); status != tt.status || text != tt.text {
			t.Errorf("%v: %d %s", tt, status, text)
		}
	}
}

func TestMetrics(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Version = "1.2.3" })
	f.proxy.query = rows(7, nil)
	f.ingester.put = func([]byte) (*ingest.Result, error) { return &ingest.Result{Accepted: 5}, nil }
	f.query(t, `{"query":"SELECT 1"}`).expect(t, 200, "")
	f.query(t, `{"query":1}`).expect(t, 400, "invalid_argument")
	f.do(t, "PUT", "/api/log", "{}").expect(t, 200, "")
	f.do(t, "GET", "/nowhere", "").expect(t, 404, "not_found")
	f.proxy.query = rows(20000, errors.New("late"))
	f.query(t, `{"query":"SELECT 1","limit":100000}`)
	r := f.do(t, "GET", "/metrics", "")
	r.expect(t, 200, "")
	for _, want := range []string{
		`databalancer_http_requests_total{code="200",route="POST /api/query"} 2`,
		`databalancer_http_requests_total{code="400",route="POST /api/query"} 1`,
		`databalancer_http_requests_total{code="404",route="other"} 1`,
		`databalancer_http_request_duration_seconds_count{route="PUT /api/log"} 1`,
		`databalancer_http_aborted_total{route="POST /api/query"} 1`,
		`databalancer_rows_total 20007`,
		`databalancer_events_total 5`,
		`databalancer_build_info{version="1.2.3"} 1`,
		`databalancer_catalog_version 1`,
		`databalancer_shard_active{shard="a"} 1`,
		`databalancer_shard_active{shard="/run/b.sock"} 0`,
		`databalancer_shard_bytes{shard="a"} 1000`,
		`databalancer_shard_up{shard="a"} 0`,
		`databalancer_shard_connections{pool="query",shard="a",state="in_use"} 0`,
		`go_goroutines`,
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("no %s in\n%s", want, r.body)
		}
	}
}

// The access log is for the level Debug, and never tells what was asked.
func TestAccessLog(t *testing.T) {
	var buf bytes.Buffer
	f := newFixture(t, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	r := f.query(t, `{"query":"SELECT 'secret'"}`)
	f.server.Close() // waits for the handlers
	log := buf.String()
	for _, want := range []string{"level=DEBUG", `route="POST /api/query"`, "status=200", "dur=", "query_id=" + r.Header.Get("X-Query-Id")} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in %s", want, log)
		}
	}
	if strings.Contains(log, "secret") {
		t.Errorf("the log tells the query: %s", log)
	}
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a config without its parts is accepted")
	}
	f := newFixture(t)
	for _, change := range []func(*Config){
		func(c *Config) { c.Proxy = nil },
		func(c *Config) { c.MaxRows = -1 },
		func(c *Config) { c.WriteTimeout = -1 },
	} {
		cfg := f.cfg
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}
