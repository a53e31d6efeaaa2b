package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
)

// server is a running databalancer process.
type server struct {
	t    testing.TB
	url  string
	cmd  *exec.Cmd
	log  *logBuffer
	done chan struct{} // closed when the process has ended
}

// logBuffer keeps what a process prints.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// startServer starts the program with the flags, waits until it serves, and
// stops it when the test ends.
func startServer(t testing.TB, flags ...string) *server {
	t.Helper()
	s := launch(t, flags...)
	s.waitServing()
	return s
}

// startTogether starts n processes at the same time, also on an empty
// database.
func startTogether(t testing.TB, n int, flags []string) []*server {
	t.Helper()
	servers := make([]*server, n)
	for i := range servers {
		servers[i] = launch(t, flags...)
	}
	for _, s := range servers {
		s.waitServing()
	}
	return servers
}

// launch starts the program and does not wait for it to serve.
func launch(t testing.TB, flags ...string) *server {
	t.Helper()
	s := &server{t: t, log: &logBuffer{}, done: make(chan struct{})}
	s.cmd = exec.Command(binary, append([]string{"-server_address", "127.0.0.1:0"}, flags...)...)
	s.cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("log of the server:\n%s", tail(s.log.String(), 8000))
		}
		if strings.Contains(s.log.String(), "DATA RACE") {
			t.Errorf("data race:\n%s", s.log.String())
		}
	})
	return s
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

var servingLine = regexp.MustCompile(`Starting HTTP server on ([0-9.:]+)`)

func (s *server) waitServing() {
	s.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); {
		if m := servingLine.FindStringSubmatch(s.log.String()); m != nil {
			s.url = "http://" + m[1]
			return
		}
		select {
		case <-s.done:
			s.t.Fatalf("databalancer ended at once:\n%s", s.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.t.Fatalf("databalancer does not serve:\n%s", s.log)
}

// stop sends SIGTERM, waits, and returns the exit status.
func (s *server) stop() int {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	return s.wait(60 * time.Second)
}

// kill ends the process as a crash would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// wait returns the exit status of the process, -1 if a signal ended it.
func (s *server) wait(limit time.Duration) int {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(limit):
		s.t.Errorf("databalancer did not end within %s", limit)
		s.kill()
	}
	return s.cmd.ProcessState.ExitCode()
}

// response is an answer of the server, read to its end.
type response struct {
	status int
	header http.Header
	body   []byte
	err    error // of the transport, the aborted body's among them
}

// request sends one request. A body that is not a string is sent as JSON.
func (s *server) request(method, path string, body any, headers ...string) response {
	s.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, s.url+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return response{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, text, err}
}

// expect sends a request and fails the test unless the status is as given.
func (s *server) expect(status int, method, path string, body any) response {
	s.t.Helper()
	res := s.request(method, path, body)
	if res.err != nil || res.status != status {
		s.t.Fatalf("%s %s: got %d (%v), want %d\n%s", method, path, res.status, res.err, status, tail(string(res.body), 2000))
	}
	return res
}

// decode reads JSON with exact numbers.
func decode[T any](t testing.TB, text []byte) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, tail(string(text), 2000))
	}
	return v
}

// answer is the body of a query's answer in the shape "arrays".
type answer struct {
	Columns   []struct{ Name, Type string }
	Rows      [][]any
	Truncated bool
	QueryID   string `json:"query_id"`
}

// query runs a query that must succeed.
func (s *server) query(sql string, args ...any) answer {
	s.t.Helper()
	res := s.expect(200, "POST", "/api/query", map[string]any{"query": sql, "args": args, "shape": "arrays", "limit": 10_000_000})
	return decode[answer](s.t, res.body)
}

// rows runs a query that must succeed and returns its rows, one JSON array
// a line.
func (s *server) rows(sql string, args ...any) string {
	s.t.Helper()
	var lines []string
	for _, row := range s.query(sql, args...).Rows {
		text, _ := json.Marshal(row)
		lines = append(lines, string(text))
	}
	return strings.Join(lines, "\n")
}

// problem is an RFC 9457 body.
type problem struct {
	Status int
	Code   string
	Detail string
	Offset *int
	Shard  string
	Errors []map[string]any
}

// refused sends a request that must fail with the status and code.
func (s *server) refused(status int, code, method, path string, body any) problem {
	s.t.Helper()
	res := s.expect(status, method, path, body)
	if ct := res.header.Get("Content-Type"); ct != "application/problem+json" {
		s.t.Errorf("%s %s: Content-Type %q", method, path, ct)
	}
	p := decode[problem](s.t, res.body)
	if p.Code != code || p.Status != status {
		s.t.Errorf("%s %s: got code %q and status %d, want %q and %d\n%s", method, path, p.Code, p.Status, code, status, res.body)
	}
	return p
}

// put stores one request of logs that must be accepted.
func (s *server) put(family string, schema any, logs any) {
	s.t.Helper()
	s.expect(200, "PUT", "/api/log", map[string]any{"family": family, "schema": schema, "logs": logs})
}

// onShards returns the flags that name n test servers and a database of the
// test's own on each, and the servers' addresses.
func onShards(t testing.TB, n int) (flags, addresses []string, database string) {
	t.Helper()
	addresses = localtest.Servers(t, n)
	database = localtest.Database(t, addresses...)
	return shardFlags(addresses, database), addresses, database
}

// shardFlags are the flags for the servers, called s1, s2, ….
func shardFlags(addresses []string, database string) []string {
	var named []string
	for i, a := range addresses {
		named = append(named, fmt.Sprintf("s%d=%s", i+1, a))
	}
	return []string{"-mysql_address", strings.Join(named, ","), "-mysql_database", database}
}

// eventually fails the test unless the condition holds within the limit.
func eventually(t testing.TB, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(errors.New("still not so after " + limit.String() + ": " + what))
		}
	}
}

// countLines returns the number of lines of text, 0 for none.
func countLines(text string) int {
	if text == "" {
		return 0
	}
	return strings.Count(text, "\n") + 1
}
