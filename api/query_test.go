package api

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/proxy"
)

func TestQueryAnswers(t *testing.T) {
	f := newFixture(t)
	f.proxy.query = rows(2, nil)
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
		asked := -1
		f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
			asked = q.MaxRows
			return rows(0, nil)(ctx, q, sink)
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
		if asked != tt.want {
			t.Errorf("%+v: asked for %d rows", tt, asked)
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
		f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return rows(0, nil)(ctx, q, sink)
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
	var got proxy.Query
	f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
		got = q
		return rows(0, nil)(ctx, q, sink)
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
	f.proxy.query = rows(1, nil)
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
