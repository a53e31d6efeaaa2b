package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// request is a stored batch as the server sees it.
type request struct {
	Family string            `json:"family"`
	Schema map[string]string `json:"schema"`
	Logs   []json.RawMessage `json:"logs"`
}

// server is a databalancer of the test's own, which keeps what it is sent.
type server struct {
	*httptest.Server
	describe string                                              // the body of its description; "" for unknown tables
	refuse   func(w http.ResponseWriter, n int, r *request) bool // may answer the nth request, from 0, instead

	mu       sync.Mutex
	tries    int
	requests []request
}

func newServer(t *testing.T) *server {
	s := new(server)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/describe", func(w http.ResponseWriter, r *http.Request) {
		if s.describe == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, s.describe)
	})
	mux.HandleFunc("PUT /api/log", s.put)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *server) put(w http.ResponseWriter, r *http.Request) {
	var req request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, fmt.Sprint("bad request: ", err), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.tries
	s.tries++
	if s.refuse != nil && s.refuse(w, n, &req) {
		return
	}
	s.requests = append(s.requests, req)
	fmt.Fprintf(w, `{"family":%q,"accepted":%d,"created":%t}`, req.Family, len(req.Logs), n == 0)
}

// events returns all stored events of a family, in order of arrival.
func (s *server) events(family string) string {
	var all []string
	for _, r := range s.requests {
		for _, e := range r.Logs {
			if r.Family == family {
				all = append(all, string(e))
			}
		}
	}
	return strings.Join(all, " ")
}

// load runs the command against the server.
func (s *server) load(stdin string, args ...string) (code int, stdout, stderr string) {
	return s.loadContext(context.Background(), stdin, args...)
}

func (s *server) loadContext(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	args = append([]string{"-server", s.URL, "-concurrency", "1"}, args...)
	code = Run(ctx, args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadBatchesInOrder(t *testing.T) {
	s := newServer(t)
	file := write(t, "dogs.json", "{\"n\":1}\n{\"n\":2}\n{\"n\":3.5}\n")
	code, stdout, stderr := s.load("", "-batch", "2", file)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if got, want := s.events("dogs"), `{"n":1} {"n":2} {"n":3.5}`; got != want {
		t.Errorf("stored %s, want %s", got, want)
	}
	if len(s.requests) != 2 || s.requests[0].Schema["n"] != "float" {
		t.Errorf("requests %v, want 2 with the whole file's schema", s.requests)
	}
	if !strings.HasPrefix(stdout, "dogs: 3 events, 0.0 MB, created") || !strings.Contains(stdout, "\ntotal: 3 events, 0.0 MB in ") {
		t.Errorf("summary %q", stdout)
	}
}

func TestLoadReadsEveryForm(t *testing.T) {
	const events = `{"a":1} {"a":2}`
	var gz, zst bytes.Buffer
	for _, w := range []io.WriteCloser{gzip.NewWriter(&gz), must(zstd.NewWriter(&zst))} {
		io.WriteString(w, events)
		w.Close()
	}
	tests := []struct{ name, text string }{
		{"f.json", events}, {"f.json.gz", gz.String()}, {"f.ndjson.zst", zst.String()}, {"f", "[" + strings.Replace(events, "} ", "},", 1) + "]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			if code, _, stderr := s.load("", write(t, tt.name, tt.text)); code != 0 {
				t.Fatal(stderr)
			}
			if got := s.events("f"); got != events {
				t.Errorf("stored %s", got)
			}
			s = newServer(t)
			if code, _, stderr := s.load(tt.text, "-family", "g", "-"); code != 0 {
				t.Fatal(stderr)
			}
			if got := s.events("g"); got != events {
				t.Errorf("stored %s from stdin", got)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLoadRemovesItsSpool(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if code, _, stderr := newServer(t).load(`{}`, "-family", "f", "-"); code != 0 {
		t.Fatal(stderr)
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestLoadRoutesByField(t *testing.T) {
	s := newServer(t)
	const events = `{"_path":"dns","q":"x"} {"_path":"ssh log","q":1} {"q":true} {"_path":"DNS","q":null}`
	code, _, stderr := s.load(events, "-family_field", "_path", "-family", "other", "-")
	if code != 0 {
		t.Fatal(stderr)
	}
	want := map[string]string{
		"dns": `{"_path":"dns","q":"x"} {"_path":"DNS","q":null}`, "ssh_log": `{"_path":"ssh log","q":1}`, "other": `{"q":true}`,
	}
	for family, events := range want {
		if got := s.events(family); got != events {
			t.Errorf("%s: stored %s, want %s", family, got, events)
		}
	}
	types := make(map[string]string)
	for _, r := range s.requests {
		types[r.Family] = r.Schema["q"]
	}
	if types["dns"] != "text" || types["ssh_log"] != "int" || types["other"] != "bool" {
		t.Errorf("types %v: each family has a schema of its own", types)
	}
	if !strings.Contains(stderr, `the family "ssh log" is sent as "ssh_log"`) {
		t.Errorf("stderr %q does not report the family's name", stderr)
	}
	if code, _, stderr := s.load(`{"q":1}`, "-family_field", "_path", "-"); code != 1 || !strings.Contains(stderr, "stdin:1: the event has no _path") {
		t.Errorf("event without a family: code %d, %q", code, stderr)
	}
}

func TestLoadRenamesFields(t *testing.T) {
	s := newServer(t)
	s.describe = `{"tables":[{"name":"f","columns":[{"name":"id","type":"int"},{"name":"Stored","type":"json"}]}]}`
	code, _, stderr := s.load(`{"a":"\u0041","A":[1, 2],"a b":1.50,"stored":1}`, "-family", "f", "-")
	if code != 0 {
		t.Fatal(stderr)
	}
	if got, want := s.events("f"), `{"a":"\u0041","A_2":[1, 2],"a_b":1.50,"Stored":1}`; got != want {
		t.Errorf("stored %s, want %s", got, want)
	}
	if got := s.requests[0].Schema["Stored"]; got != "json" {
		t.Errorf("type of the stored column %s, want json", got)
	}
	for _, line := range []string{`f: the field "A" is sent as "A_2"`, `f: the field "a b" is sent as "a_b"`, `f: the field "stored" is sent as "Stored"`} {
		if !strings.Contains(stderr, line) {
			t.Errorf("stderr %q lacks %s", stderr, line)
		}
	}
}

func TestLoadSchemaFlag(t *testing.T) {
	s := newServer(t)
	if code, _, stderr := s.load(`{"a":1,"b:c":1,"d":1}`, "-schema", "a:string,b:c:double", "-family", "f", "-"); code != 0 {
		t.Fatal(stderr)
	}
	want := map[string]string{"a": "text", "b:c": "float", "d": "int"}
	if got := s.requests[0].Schema; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("schema %v, want %v", got, want)
	}
}

func TestLoadRetriesWhatIsBusy(t *testing.T) {
	s := newServer(t)
	s.refuse = func(w http.ResponseWriter, n int, _ *request) bool {
		switch n {
		case 0:
			w.WriteHeader(http.StatusTooManyRequests)
		case 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n < 2
	}
	began := time.Now()
	if code, _, stderr := s.load(`{"a":1}`, "-family", "f", "-"); code != 0 {
		t.Fatal(stderr)
	}
	if len(s.requests) != 1 || s.tries != 3 {
		t.Errorf("stored %d in %d tries, want 1 in 3", len(s.requests), s.tries)
	}
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("waited %v, not Retry-After's second", waited)
	}
}

func TestLoadGivesUp(t *testing.T) {
	problem := func(status int, text string) func(http.ResponseWriter, int, *request) bool {
		return func(w http.ResponseWriter, n int, _ *request) bool {
			if n == 0 {
				return false
			}
			w.WriteHeader(status)
			io.WriteString(w, text)
			return true
		}
	}
	tests := []struct {
		name   string
		refuse func(http.ResponseWriter, int, *request) bool
		want   []string // in stderr
	}{
		{"conflict", problem(409, `{"title":"Conflict","status":409,"code":"type_conflict","detail":"field a is int, not json"}`),
			[]string{"f, 1 events from stdin:2 to stdin:2: server answered 409 type_conflict: field a is int, not json"}},
		{"events", problem(400, `{"code":"invalid","errors":[{"event":0,"field":"a","code":"not_int","detail":"1.5 is no integer"},{"event":-1,"code":"schema"}],"total":5}`),
			[]string{"server answered 400 invalid: Bad Request", "\tstdin:2: a: not_int: 1.5 is no integer\n\tschema\n\tand 3 more"}},
		{"unknown outcome", problem(503, `{"code":"outcome_unknown","detail":"the connection was lost"}`),
			[]string{"outcome unknown", "the connection was lost"}},
		{"not a problem document", problem(502, `<html>bad gateway`), []string{"server answered 502: <html>bad gateway"}},
		{"busy for too long", problem(503, `{"code":"busy"}`), []string{"giving up after 50ms", "503 busy"}},
		{"cut connection", func(w http.ResponseWriter, n int, _ *request) bool {
			if n > 0 {
				panic(http.ErrAbortHandler)
			}
			return false
		}, []string{"outcome unknown", "EOF"}},
		{"too few", func(w http.ResponseWriter, n int, _ *request) bool {
			if n > 0 {
				io.WriteString(w, `{"accepted":0}`)
			}
			return n > 0
		}, []string{"accepted 0 of 1 events"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.refuse = tt.refuse
			code, stdout, stderr := s.load("{\"a\":1}\n{\"a\":2}\n{\"a\":3}", "-family", "f", "-batch", "1", "-retry", "50ms", "-")
			if code != 1 {
				t.Errorf("exit code %d", code)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr %q lacks %q", stderr, want)
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.tries != 2 || !strings.Contains(stdout, "total: 1 events") {
				t.Errorf("%d tries, summary %q: want the first batch stored and the third not sent", s.tries, stdout)
			}
		})
	}
}

func TestLoadStopsCleanly(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithCancel(context.Background())
	s.refuse = func(http.ResponseWriter, int, *request) bool {
		cancel() // while the request is under way
		return false
	}
	code, stdout, stderr := s.loadContext(ctx, strings.Repeat("{}", 10), "-family", "f", "-batch", "1", "-")
	if code != 1 || !strings.Contains(stderr, "stopped before all events were sent") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, fmt.Sprintf("total: %d events", len(s.requests))) || len(s.requests) == 10 {
		t.Errorf("summary %q for %d requests", stdout, len(s.requests))
	}
}

func TestLoadConcurrently(t *testing.T) {
	s := newServer(t)
	var events strings.Builder
	var want []string
	for i := range 100 {
		fmt.Fprintf(&events, "{\"n\":%d}\n", i)
		want = append(want, fmt.Sprintf("{\"n\":%d}", i))
	}
	code, _, stderr := s.load(events.String(), "-family", "f", "-batch", "3", "-concurrency", "8", "-")
	if code != 0 {
		t.Fatal(stderr)
	}
	got := strings.Fields(s.events("f"))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("stored %v", got)
	}
}

func TestUsage(t *testing.T) {
	tests := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-help"}, 0, "Usage: databalancer load"},
		{nil, 2, "no file given"},
		{[]string{"-"}, 2, "standard input needs -family"},
		{[]string{"-batch", "0", "f"}, 2, "-batch"},
		{[]string{"-concurrency", "0", "f"}, 2, "-concurrency"},
		{[]string{"-server", "localhost:8080", "f"}, 2, "-server"},
		{[]string{"-schema", "a", "f"}, 2, "not name:type"},
		{[]string{"-schema", "a:blob", "f"}, 2, "unknown type"},
		{[]string{"-nonsense"}, 2, "-nonsense"},
		{[]string{"/nowhere/f.json"}, 1, "/nowhere/f.json"},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		code := Run(context.Background(), tt.args, strings.NewReader(""), &stdout, &stderr)
		if code != tt.code || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: exit code %d, %q; want %d, %q", tt.args, code, stderr.String(), tt.code, tt.want)
		}
		if n := strings.Count(stderr.String(), "databalancer load:"); tt.code != 0 && n != 1 {
			t.Errorf("%v: error printed %d times", tt.args, n)
		}
	}
}
