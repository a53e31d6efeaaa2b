package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/router"
)

func TestQueryAnswers(t *testing.T) {
	f := newFixture(t)
	f.proxy.run = rows(2, nil)
	const id = `"query_id":"[0-9a-f]{32}"`
	tests := []struct {
		name, body, path, accept string
		contentType, want        string
	}{
		{"objects", `{"query":"SELECT 1"}`, "", "", "application/json",
			`\{"results":\[\{"id":12345\},\{"id":12345\}\],"truncated":false,"elapsed_ms":\d+,` + id + `\}` + "\n"},
		{"arrays", `{"query":"SELECT 1","shape":"arrays"}`, "", "*/*", "application/json",
			`\{"columns":\[\{"name":"id","type":"int"\}\],"rows":\[\[12345\],\[12345\]\],"truncated":false,"elapsed_ms":\d+,` + id + `\}` + "\n"},
		{"truncated", `{"query":"SELECT 1","limit":1}`, "", "", "application/json",
			`\{"results":\[\{"id":12345\}\],"truncated":true,"limit":1,"elapsed_ms":\d+,` + id + `\}` + "\n"},
		{"ndjson", `{"query":"SELECT 1"}`, "", "application/x-ndjson", "application/x-ndjson", "{\"id\":12345}\n{\"id\":12345}\n"},
		{"csv", `{"query":"SELECT 1"}`, "", "text/csv", "text/csv; charset=utf-8; header=present", "id\r\n12345\r\n12345\r\n"},
		{"format outweighs Accept", `{"query":"SELECT 1"}`, "?format=csv", "application/json", "text/csv; charset=utf-8; header=present", "id\r\n12345\r\n12345\r\n"},
		{"quality", `{"query":"SELECT 1"}`, "", "application/json;q=0.5, text/csv;q=0.9, text/html", "text/csv; charset=utf-8; header=present", "id\r\n12345\r\n12345\r\n"},
		{"quoted integers", `{"query":"SELECT 1","quote_large_ints":true}`, "", "text/html, */*;q=0.1", "application/json", `\{"results":\[\{"id":12345\},\{"id":12345\}\],.*` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			headers := []string{"Accept", tt.accept}
			r := f.do(t, "POST", "/api/query"+tt.path, tt.body, headers...)
			r.expect(t, 200, "")
			if got := r.Header.Get("Content-Type"); got != tt.contentType {
				t.Errorf("Content-Type %q, want %q", got, tt.contentType)
			}
			if !regexp.MustCompile("^" + tt.want + "$").MatchString(r.body) {
				t.Errorf("%s\nwant\n%s", r.body, tt.want)
			}
			if r.ContentLength != int64(len(r.body)) {
				t.Errorf("Content-Length %d for %d bytes", r.ContentLength, len(r.body))
			}
			if r.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no nosniff")
			}
		})
	}
}

func TestEmptyAnswers(t *testing.T) {
	f := newFixture(t)
	for format, want := range map[string]string{"json": `{"results":[],"truncated":false`, "ndjson": "", "csv": "id\r\n"} {
		r := f.do(t, "POST", "/api/query?format="+format, `{"query":"SELECT 1"}`)
		r.expect(t, 200, "")
		if !strings.HasPrefix(r.body, want) || want == "" && r.body != "" {
			t.Errorf("%s: %q", format, r.body)
		}
	}
}

func TestLimit(t *testing.T) {
	const none = 0
	tests := []struct {
		limit, format string
		maxRows       int
		want          int
	}{
		{"", "json", none, 10000},
		{"", "ndjson", none, none},
		{"", "csv", none, none},
		{"", "csv", 50, 50},
		{"", "json", 50, 50},
		{"", "json", 20000, 10000},
		{"20", "json", none, 20},
		{"20", "csv", 50, 20},
		{"60", "ndjson", 50, 50},
		{"1000000", "json", none, 1000000},
		{"9223372036854775807", "json", none, maxLimit},
		{"null", "json", none, 10000},
		{"0", "json", none, -1},
		{"-1", "json", none, -1},
		{"1.5", "json", none, -1},
		{`"10"`, "json", none, -1},
		{"9223372036854775808", "json", none, -1},
	}
	for _, tt := range tests {
		f := newFixture(t, func(c *Config) { c.MaxRows = tt.maxRows })
		ran, planned := -1, -1
		f.router.plan = func(_ *catalog.Snapshot, q router.Query) (*router.Plan, error) {
			planned = q.MaxRows
			return &router.Plan{}, nil
		}
		f.proxy.run = func(ctx context.Context, id string, maxRows int, sink proxy.Sink) (proxy.Result, error) {
			ran = maxRows
			return rows(0, nil)(ctx, id, maxRows, sink)
		}
		body := `{"query":"SELECT 1"}`
		if tt.limit != "" {
			body = `{"query":"SELECT 1","limit":` + tt.limit + `}`
		}
		r := f.do(t, "POST", "/api/query?format="+tt.format, body)
		if tt.want < 0 {
			r.expect(t, 400, "invalid_argument")
		} else {
			r.expect(t, 200, "")
		}
		if ran != tt.want || planned != tt.want {
			t.Errorf("%+v: planned for %d rows, ran for %d", tt, planned, ran)
		}
	}
}

func TestTimeout(t *testing.T) {
	tests := []struct {
		timeout string
		want    time.Duration // 0: refused
	}{
		{``, time.Minute}, {`null`, time.Minute}, {`"30s"`, 30 * time.Second}, {`"1h"`, time.Minute},
		{`"0s"`, 0}, {`"-1s"`, 0}, {`"30"`, 0}, {`30`, 0}, {`""`, 0},
	}
	f := newFixture(t)
	for _, tt := range tests {
		var left time.Duration
		f.proxy.run = func(ctx context.Context, id string, maxRows int, sink proxy.Sink) (proxy.Result, error) {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return rows(0, nil)(ctx, id, maxRows, sink)
		}
		body := `{"query":"SELECT 1"}`
		if tt.timeout != "" {
			body = `{"query":"SELECT 1","timeout":` + tt.timeout + `}`
		}
		r := f.query(t, body)
		if tt.want == 0 {
			r.expect(t, 400, "invalid_argument")
			continue
		}
		r.expect(t, 200, "")
		if left > tt.want || left < tt.want-20*time.Second {
			t.Errorf("timeout %s: %s left, want about %s", tt.timeout, left, tt.want)
		}
	}
}

func TestArguments(t *testing.T) {
	f := newFixture(t)
	var got router.Query
	f.router.plan = func(_ *catalog.Snapshot, q router.Query) (*router.Plan, error) {
		got = q
		return &router.Plan{}, nil
	}
	f.query(t, `{"query":"SELECT ?","args":[9007199254740993,1.10,"x","\ud83d\ude00",true,null]}`).expect(t, 200, "")
	want := []any{json.Number("9007199254740993"), json.Number("1.10"), "x", "😀", true, nil}
	if len(got.Args) != len(want) {
		t.Fatalf("%#v", got.Args)
	}
	for i := range want {
		if got.Args[i] != want[i] {
			t.Errorf("argument %d: %#v, want %#v", i, got.Args[i], want[i])
		}
	}
}

func TestInvalidRequests(t *testing.T) {
	f := newFixture(t)
	tests := []struct {
		body, path string
		headers    []string
		status     int
		code       string
	}{
		{body: `{"query":"SELECT 1","shape":"cubes"}`, status: 400, code: "invalid_argument"},
		{body: `{"query":"SELECT 1","shape":""}`, status: 400, code: "invalid_argument"},
		{body: `{"query":"SELECT 1","rows":1}`, status: 400, code: "invalid_argument"},
		{body: `{"query":1}`, status: 400, code: "invalid_argument"},
		{body: `{"query":"SELECT 1"`, status: 400, code: "invalid_json"},
		{body: `{"query":"SELECT 1"} {}`, status: 400, code: "invalid_json"},
		{body: `{"query":"SELECT 1"}]`, status: 400, code: "invalid_json"},
		{body: `[]`, status: 400, code: "invalid_json"},
		{body: ` `, status: 400, code: "invalid_json"},
		{body: "{\"query\":\"SELECT '\xff'\"}", status: 400, code: "invalid_json"},
		{body: `{"query":"SELECT '\ud83d'"}`, status: 400, code: "invalid_json"},
		{body: `{"query":"SELECT '\ude00\ud83d'"}`, status: 400, code: "invalid_json"},
		{body: `{"query":"SELECT '\\ud83d \\\" \u00e9'"}`, status: 200},
		{body: `{"query":"SELECT 1"}`, path: "?format=xml", status: 400, code: "invalid_argument"},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Accept", "text/html"}, status: 406, code: "not_acceptable"},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Accept", "application/json;q=0"}, status: 406, code: "not_acceptable"},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Accept", ""}, status: 200},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Content-Type", "text/plain"}, status: 415, code: "unsupported_media_type"},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Content-Type", "application/json; charset=latin1"}, status: 415, code: "unsupported_media_type"},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Content-Type", "application/json; charset=UTF-8"}, status: 200},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, code: "unsupported_media_type"},
		{body: `{"query":"SELECT 1"}`, headers: []string{"Content-Encoding", "gzip"}, status: 415, code: "unsupported_media_type"},
		{body: `{"query":"` + strings.Repeat("x", maxRequest) + `"}`, status: 413, code: "too_large"},
	}
	for _, tt := range tests {
		r := f.do(t, "POST", "/api/query"+tt.path, tt.body, tt.headers...)
		t.Log(tt.body[:min(len(tt.body), 60)], tt.path, tt.headers)
		r.expect(t, tt.status, tt.code)
	}
}

// A failure before anything was sent has its own status, also when rows were
// on their way already; after that it ends the body, and the connection.
func TestLateFailure(t *testing.T) {
	f := newFixture(t)
	f.proxy.run = rows(10, serverError(1690, "22003"))
	f.query(t, `{"query":"SELECT 1"}`).expect(t, 400, "database_error")

	f.proxy.run = rows(20000, serverError(1690, "22003"))
	for _, format := range []string{"json", "ndjson", "csv"} {
		t.Run(format, func(t *testing.T) {
			r := f.do(t, "POST", "/api/query?format="+format, `{"query":"SELECT 1","limit":1000000}`)
			if r.StatusCode != 200 || !errors.Is(r.err, io.ErrUnexpectedEOF) {
				t.Errorf("%d, %v; want 200 and a connection that breaks", r.StatusCode, r.err)
			}
			checkLateFailure(t, format, r.body, 20000)
			if r.Trailer.Get("X-Truncated") != "" {
				t.Error("trailer after a failure")
			}
		})
	}
}

func checkLateFailure(t *testing.T, format, body string, rows int) {
	t.Helper()
	var answer struct {
		Results []any
		Error   problem
	}
	switch format {
	case "json":
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		if len(answer.Results) != rows {
			t.Errorf("%d rows", len(answer.Results))
		}
	case "ndjson":
		lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
		if len(lines) != rows+1 {
			t.Errorf("%d lines", len(lines))
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &answer); err != nil {
			t.Fatal(err)
		}
	case "csv":
		r := csv.NewReader(strings.NewReader(body))
		r.FieldsPerRecord = -1
		records, err := r.ReadAll()
		if err != nil || len(records) != rows+2 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		last := records[len(records)-1]
		if len(last) != 3 || last[0] != "#error" || last[1] != "database_error" || last[2] != "message of the server" {
			t.Errorf("last record %q", last)
		}
		return
	}
	if e := answer.Error; e.Code != "database_error" || e.Status != 400 || e.Number != 1690 || e.QueryID == "" {
		t.Errorf("error %+v", e)
	}
}

func TestTruncatedTrailer(t *testing.T) {
	f := newFixture(t)
	for _, n := range []int{10, 20000} {
		for _, truncated := range []string{"false", "true"} {
			f.proxy.run = rows(n, nil)
			body := `{"query":"SELECT 1"}`
			if truncated == "true" {
				f.proxy.run = rows(n+1, nil)
				body = `{"query":"SELECT 1","limit":` + string(json.Number(itoa(n))) + `}`
			}
			r := f.do(t, "POST", "/api/query?format=ndjson", body)
			if r.err != nil {
				t.Fatal(r.err)
			}
			if got := strings.Count(r.body, "\n"); got != n {
				t.Errorf("%d rows, want %d", got, n)
			}
			if got := r.Header.Get("X-Truncated") + r.Trailer.Get("X-Truncated"); got != truncated {
				t.Errorf("%d rows: X-Truncated %q, want %q", n, got, truncated)
			}
		}
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// Rows do not wait for a buffer to be full.
func TestTrickle(t *testing.T) {
	f := newFixture(t)
	next := make(chan struct{})
	f.proxy.run = func(ctx context.Context, _ string, _ int, sink proxy.Sink) (proxy.Result, error) {
		if err := sink.Columns([]proxy.Column{{Name: "id", Type: catalog.Int}}); err != nil {
			return proxy.Result{}, err
		}
		for range 3 {
			if err := sink.Row([][]byte{[]byte("1")}); err != nil {
				return proxy.Result{}, err
			}
			select {
			case <-next:
			case <-ctx.Done():
				return proxy.Result{}, ctx.Err()
			}
		}
		return proxy.Result{Rows: 3}, nil
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", f.server.URL+"/api/query?format=ndjson", strings.NewReader(`{"query":"SELECT 1"}`))
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for range 3 {
		if !lines.Scan() || lines.Text() != `{"id":1}` {
			t.Fatalf("%q, %v", lines.Text(), lines.Err())
		}
		next <- struct{}{}
	}
	if lines.Scan() || lines.Err() != nil {
		t.Errorf("%q, %v", lines.Text(), lines.Err())
	}
}

// A client that takes nothing has its query ended, and is not waited for.
func TestClientTakesNothing(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.WriteTimeout = 100 * time.Millisecond })
	ended := make(chan error, 1)
	f.proxy.run = func(ctx context.Context, id string, maxRows int, sink proxy.Sink) (proxy.Result, error) {
		r, err := rows(100_000_000, nil)(ctx, id, maxRows, sink)
		if ctx.Err() == nil {
			err = errors.New("the context goes on")
		}
		ended <- err
		return r, err
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", f.server.URL+"/api/query?format=csv", strings.NewReader(`{"query":"SELECT 1"}`))
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, errClientGone) {
			t.Errorf("%v, want errClientGone", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the query goes on")
	}
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("the answer looks complete")
	}
}

// A client that goes away ends its query.
func TestClientGoesAway(t *testing.T) {
	f := newFixture(t)
	running, ended := make(chan struct{}), make(chan error, 1)
	f.proxy.run = func(ctx context.Context, _ string, _ int, _ proxy.Sink) (proxy.Result, error) {
		close(running)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return proxy.Result{}, context.Cause(ctx)
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "POST", f.server.URL+"/api/query", strings.NewReader(`{"query":"SELECT 1"}`))
	req.Header.Set("Content-Type", "application/json")
	go func() {
		<-running
		cancel()
	}()
	if _, err := f.server.Client().Do(req); err == nil {
		t.Error("an answer")
	}
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the query goes on")
	}
}

func TestRetryWithNewerSnapshot(t *testing.T) {
	unknown := fault.New(fault.UnknownTable, "x").With(fault.Facts{Table: "t"})
	tests := []struct {
		name    string
		plan    error // of the first version
		run     error // of the first plan
		newer   bool  // there is a newer version
		refresh error
		status  int
		code    string
		plans   int
	}{
		{name: "unknown table, newer catalog", plan: unknown, newer: true, status: 200, plans: 2},
		{name: "unknown column, newer catalog", plan: fault.New(fault.UnknownColumn, "x"), newer: true, status: 200, plans: 2},
		{name: "unknown table", plan: unknown, status: 404, code: "unknown_table", plans: 1},
		{name: "unknown table, no catalog", plan: unknown, refresh: catalog.ErrUnavailable, status: 503, code: "catalog_unavailable", plans: 1},
		{name: "stale, newer catalog", run: &proxy.StaleError{Shard: "a"}, newer: true, status: 200, plans: 2},
		{name: "stale", run: &proxy.StaleError{Shard: "a"}, status: 409, code: "stale_table", plans: 1},
		{name: "syntax", plan: fault.New(fault.Syntax, "x"), newer: true, status: 400, code: "syntax", plans: 1},
		{name: "failure", run: serverError(1064, "42000"), newer: true, status: 400, code: "database_error", plans: 1},
	}
	for _, path := range []string{"/api/query", "/api/explain"} {
		for _, tt := range tests {
			if path == "/api/explain" && tt.run != nil {
				continue
			}
			t.Run(path+" "+tt.name, func(t *testing.T) {
				f := newFixture(t)
				newer := catalog.NewSnapshot(2, nil, nil)
				f.catalog.refresh = func() (*catalog.Snapshot, error) {
					if tt.newer {
						return newer, tt.refresh
					}
					return f.catalog.snapshot, tt.refresh
				}
				plans := 0
				f.router.plan = func(snap *catalog.Snapshot, _ router.Query) (*router.Plan, error) {
					plans++
					if snap != newer && tt.plan != nil {
						return nil, tt.plan
					}
					return &router.Plan{Kind: router.Single}, nil
				}
				f.proxy.run = func(ctx context.Context, id string, maxRows int, sink proxy.Sink) (proxy.Result, error) {
					if plans == 1 && tt.run != nil {
						return proxy.Result{}, tt.run
					}
					return rows(1, nil)(ctx, id, maxRows, sink)
				}
				f.do(t, "POST", path, `{"query":"SELECT 1"}`).expect(t, tt.status, tt.code)
				if plans != tt.plans {
					t.Errorf("planned %d times, want %d", plans, tt.plans)
				}
			})
		}
	}
}

func TestExplain(t *testing.T) {
	f := newFixture(t)
	f.router.plan = func(*catalog.Snapshot, router.Query) (*router.Plan, error) {
		return &router.Plan{Kind: router.Concat, Steps: []router.Step{{Shard: "a", SQL: "SELECT 1"}, {Shard: "b", SQL: "SELECT 2"}}}, nil
	}
	r := f.do(t, "POST", "/api/explain", `{"query":"SELECT 1 UNION ALL SELECT 2"}`)
	r.expect(t, 200, "")
	const want = `{"kind":"concat","home":"","steps":[{"shard":"a","sql":"SELECT 1","into":""},{"shard":"b","sql":"SELECT 2","into":""}],"text":"concat\n  [a] SELECT 1\n  [b] SELECT 2\n"}` + "\n"
	if r.body != want {
		t.Errorf("%s\nwant\n%s", r.body, want)
	}
}

func TestDeleteQuery(t *testing.T) {
	f := newFixture(t)
	var asked string
	f.proxy.cancel = func(id string) (bool, error) {
		asked = id
		return true, nil
	}
	r := f.do(t, "DELETE", "/api/query/0123abcd", "")
	r.expect(t, 204, "")
	if asked != "0123abcd" || r.body != "" {
		t.Errorf("asked for %q, answered %q", asked, r.body)
	}
	f.proxy.cancel = func(string) (bool, error) { return false, serverError(1040, "08004") }
	f.do(t, "DELETE", "/api/query/0123abcd", "").expect(t, 500, "internal")
}

func BenchmarkQuery(b *testing.B) {
	f := newFixture(b)
	f.proxy.run = rows(1, nil)
	for b.Loop() {
		r := httptest.NewRequest("POST", "/api/query", strings.NewReader(`{"query":"SELECT * FROM dogs WHERE id = ?","args":[1]}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
