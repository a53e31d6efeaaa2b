package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/ingest"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// The fakes answer with what their functions return; a nil function is a
// success with nothing in it.

type fakeCatalog struct {
	mu       sync.Mutex
	snapshot *catalog.Snapshot
	refresh  func() (*catalog.Snapshot, error)
	change   func(what string) error // of every change, and of Ping
	table    *catalog.Table          // the last one registered
	cutOff   bool
}

func (c *fakeCatalog) Snapshot() *catalog.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshot
}

func (c *fakeCatalog) Refresh(context.Context) (*catalog.Snapshot, error) {
	if c.refresh == nil {
		return c.Snapshot(), nil
	}
	return c.refresh()
}

func (c *fakeCatalog) changed(what string) error {
	if c.change == nil {
		return nil
	}
	return c.change(what)
}

func (c *fakeCatalog) Ping(context.Context) error { return c.changed("ping") }
func (c *fakeCatalog) InTouch() bool              { return !c.cutOff }

func (c *fakeCatalog) Spread(_ context.Context, n string, shards int) (*catalog.Table, error) {
	return c.altered(n, fmt.Sprintf("spread %s %d", n, shards))
}

func (c *fakeCatalog) AddIndex(_ context.Context, n string, columns []string) (*catalog.Table, error) {
	return c.altered(n, fmt.Sprintf("index %s %v", n, columns))
}

func (c *fakeCatalog) DropIndex(_ context.Context, n string, columns []string) error {
	return c.changed(fmt.Sprintf("unindex %s %v", n, columns))
}

func (c *fakeCatalog) altered(name, what string) (*catalog.Table, error) {
	if err := c.changed(what); err != nil {
		return nil, err
	}
	t, ok := c.Snapshot().Table(name)
	if !ok {
		return nil, catalog.ErrUnknownFamily
	}
	return t, nil
}

func (c *fakeCatalog) DropFamily(_ context.Context, n string) error { return c.changed("drop " + n) }
func (c *fakeCatalog) SetShardState(_ context.Context, n string, s catalog.ShardState) error {
	return c.changed("set " + n + " " + string(s))
}
func (c *fakeCatalog) UnregisterTable(_ context.Context, n string) error {
	return c.changed("unregister " + n)
}
func (c *fakeCatalog) RegisterTable(_ context.Context, t *catalog.Table) error {
	c.table = t
	return c.changed("register " + t.Name)
}

type fakeProxy struct {
	query   func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error)
	explain func(q proxy.Query) (*router.Plan, error)
	cancel  func(id string) (bool, error)
	stats   proxy.Stats
}

func (p *fakeProxy) Query(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
	if p.query == nil {
		return proxy.Result{}, sink.Columns([]proxy.Column{{Name: "id", Type: catalog.Int}})
	}
	return p.query(ctx, q, sink)
}

func (p *fakeProxy) Explain(_ context.Context, q proxy.Query) (*router.Plan, error) {
	if p.explain == nil {
		return &router.Plan{Kind: router.Single, Steps: []router.Step{{Shard: "a", SQL: q.SQL}}}, nil
	}
	return p.explain(q)
}

func (p *fakeProxy) Cancel(_ context.Context, id string) (bool, error) {
	if p.cancel == nil {
		return false, nil
	}
	return p.cancel(id)
}

func (p *fakeProxy) Stats() proxy.Stats { return p.stats }

// rows answers with n rows of one column id, then err.
func rows(n int, err error) func(context.Context, proxy.Query, proxy.Sink) (proxy.Result, error) {
	return func(_ context.Context, q proxy.Query, sink proxy.Sink) (r proxy.Result, _ error) {
		if err := sink.Columns([]proxy.Column{{Name: "id", Type: catalog.Int}}); err != nil {
			return r, err
		}
		for i := range n {
			if q.MaxRows > 0 && i == q.MaxRows {
				r.Truncated = true
				break
			}
			if err := sink.Row([][]byte{[]byte("12345")}); err != nil {
				return r, err
			}
			r.Rows++
		}
		return r, err
	}
}

type fakeIngester struct {
	put func(body []byte) (*ingest.Result, error)
}

func (in *fakeIngester) Put(_ context.Context, body []byte) (*ingest.Result, error) {
	if in.put == nil {
		return &ingest.Result{Family: "dogs", Accepted: len(body)}, nil
	}
	return in.put(body)
}

// fixture is an API of fakes, with a log that can be read.
type fixture struct {
	*API
	catalog  *fakeCatalog
	proxy    *fakeProxy
	ingester *fakeIngester
	logged   *logBuffer
	server   *httptest.Server
}

// logBuffer is a log that may be written to while it is read.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newFixture(t testing.TB, change ...func(*Config)) *fixture {
	t.Helper()
	set, err := shard.NewSet(shard.Config{Username: "root", Database: "d"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	f := &fixture{
		catalog: &fakeCatalog{snapshot: testSnapshot()}, proxy: &fakeProxy{},
		ingester: &fakeIngester{}, logged: &logBuffer{},
	}
	set.Sync(f.catalog.snapshot)
	cfg := Config{
		Catalog: f.catalog, Shards: set, Proxy: f.proxy, Ingester: f.ingester,
		Join: func(_ context.Context, name, address string, weight float64) (*catalog.Shard, error) {
			return &catalog.Shard{Name: name, Address: address, Weight: weight, State: catalog.Active}, f.catalog.changed("join " + name)
		},
		Logger: slog.New(slog.NewTextHandler(f.logged, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	for _, c := range change {
		c(&cfg)
	}
	if f.API, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	f.server = httptest.NewServer(f.API)
	t.Cleanup(f.server.Close)
	return f
}

func testSnapshot() *catalog.Snapshot {
	return catalog.NewSnapshot(1,
		[]catalog.Shard{
			{Number: 0, Name: "a", Address: "/nowhere/a.sock", State: catalog.Active, Weight: 1, Rows: 10, Bytes: 1000},
			{Number: 1, Name: "/run/b.sock", Address: "/run/b.sock", State: catalog.ReadOnly, Weight: 2},
		},
		[]*catalog.Table{
			{ID: 2, Name: "dog_registry", Kind: catalog.Family, Indexes: []catalog.Index{{Columns: []string{"name"}}}, Placements: []catalog.Placement{{Shard: "a"}}, Columns: []catalog.Column{
				{Name: "id", Type: catalog.Int}, {Name: "name", Type: catalog.Text, Nullable: true, Position: 1}}},
			{ID: 1, Name: "cat_registry", Kind: catalog.Family, Placements: []catalog.Placement{{Shard: "a"}, {Number: 1, Shard: "/run/b.sock"}}, Columns: []catalog.Column{
				{Name: "id", Type: catalog.Int}}},
			{Name: "breeds", Kind: catalog.Registered, Placements: []catalog.Placement{{Shard: "/run/b.sock"}}, Columns: []catalog.Column{
				{Name: "breed", Type: catalog.Text, DataType: "varchar"}}},
		})
}

// response is an answer that was read to its end.
type response struct {
	*http.Response
	body string
	err  error // of reading the body
}

// do sends a request with a JSON body, or none if body is empty.
func (f *fixture) do(t testing.TB, method, path, body string, headers ...string) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := f.server.Client()
	client.Timeout = 30 * time.Second
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return response{resp, string(text), err}
}

// query sends a query.
func (f *fixture) query(t testing.TB, body string, headers ...string) response {
	t.Helper()
	return f.do(t, "POST", "/api/query", body, headers...)
}

// problem reads an answer as a problem, and checks what all problems have.
func (r response) problem(t testing.TB) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatalf("%d %s: %v", r.StatusCode, r.body, err)
	}
	if ct := r.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type %q", ct)
	}
	if p.Type != "about:blank" || p.Title == "" || p.Status != r.StatusCode || p.Code == "" {
		t.Errorf("incomplete problem: %d %s", r.StatusCode, r.body)
	}
	return p
}

// expect checks an answer's status and, for a failure, its code.
func (r response) expect(t testing.TB, status int, code string) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("status %d, want %d: %s", r.StatusCode, status, r.body)
		return
	}
	if code != "" {
		if p := r.problem(t); string(p.Code) != code {
			t.Errorf("code %s, want %s: %s", p.Code, code, r.body)
		}
	}
}
