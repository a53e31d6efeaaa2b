package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
)

// A Server is a Process that a test has started.
type Server struct {
	*Process
	t testing.TB
}

// Start starts the program with the flags and waits until it serves.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	return StartTogether(t, 1, flags...)[0]
}

// StartOn starts the program on n servers, with a database of the test's own.
func StartOn(t testing.TB, n int, flags ...string) *Server {
	t.Helper()
	shards, _, _ := OnShards(t, n)
	return Start(t, append(shards, flags...)...)
}

// StartTogether starts n processes at the same time, also on an empty
// database.
func StartTogether(t testing.TB, n int, flags ...string) []*Server {
	t.Helper()
	servers := make([]*Server, n)
	for i := range servers {
		servers[i] = Begin(t, flags...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	for _, s := range servers {
		if err := s.AwaitServing(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return servers
}

// Begin starts the program and does not wait for it to serve.
func Begin(t testing.TB, flags ...string) *Server {
	t.Helper()
	p, err := Launch(Binary(t), flags...)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{p, t}
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("log of the server:\n%s", s.Log.Tail())
		}
		if strings.Contains(s.Log.String(), "DATA RACE") {
			t.Errorf("data race:\n%s", s.Log.String())
		}
	})
	return s
}

// Stop asks the process to end, and returns its exit status.
func (s *Server) Stop() int {
	s.t.Helper()
	s.Terminate()
	return s.Wait(time.Minute)
}

// Wait returns the exit status, -1 if a signal ended the process. The test
// fails if it goes on for longer.
func (s *Server) Wait(limit time.Duration) int {
	s.t.Helper()
	status, err := s.Process.Wait(limit)
	if err != nil {
		s.t.Error(err)
	}
	return status
}

// Expect sends a request and ends the test unless the status is as given.
func (s *Server) Expect(status int, method, path string, body any) Response {
	s.t.Helper()
	res := s.Request(method, path, body)
	if res.Err != nil || res.Status != status {
		s.t.Fatalf("%s %s: got %d (%v), want %d\n%s", method, path, res.Status, res.Err, status, tail(string(res.Body), 2000))
	}
	return res
}

// Refused sends a request that must fail with the status and code.
func (s *Server) Refused(status int, code, method, path string, body any) Problem {
	s.t.Helper()
	res := s.Expect(status, method, path, body)
	if ct := res.Header.Get("Content-Type"); ct != "application/problem+json" {
		s.t.Errorf("%s %s: Content-Type %q", method, path, ct)
	}
	p := res.Problem()
	if p.Code != code || p.Status != status {
		s.t.Errorf("%s %s: got code %q and status %d, want %q and %d\n%s", method, path, p.Code, p.Status, code, status, res.Body)
	}
	return *p
}

// Put stores one request of logs that must be accepted.
func (s *Server) Put(family string, schema any, logs any) {
	s.t.Helper()
	s.Expect(200, "PUT", "/api/log", map[string]any{"family": family, "schema": schema, "logs": logs})
}

// Answer is the body of a query's answer in the shape "arrays".
type Answer struct {
	Columns   []struct{ Name, Type string }
	Rows      [][]any // numbers as they were written
	Truncated bool
	QueryID   string `json:"query_id"`
}

// Query runs a query that must succeed.
func (s *Server) Query(sql string, args ...any) Answer {
	s.t.Helper()
	res := s.Expect(200, "POST", "/api/query", map[string]any{"query": sql, "args": args, "shape": "arrays", "limit": 10_000_000})
	return Decode[Answer](s.t, res.Body)
}

// Rows runs a query that must succeed and returns its rows, one JSON array a
// line.
func (s *Server) Rows(sql string, args ...any) string {
	s.t.Helper()
	var lines []string
	for _, row := range s.Query(sql, args...).Rows {
		text, _ := json.Marshal(row)
		lines = append(lines, string(text))
	}
	return strings.Join(lines, "\n")
}

// Get decodes what a path answers, which must be the status 200.
func Get[T any](s *Server, path string) T {
	s.t.Helper()
	return Decode[T](s.t, s.Expect(200, "GET", path, nil).Body)
}

// Decode reads JSON with exact numbers.
func Decode[T any](t testing.TB, text []byte) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, tail(string(text), 2000))
	}
	return v
}

// OnShards returns the flags that name n servers, a database of the test's own
// on each, and accounts with just the rights that the program needs there; and
// the servers' addresses.
func OnShards(t testing.TB, n int) (flags, addresses []string, database string) {
	t.Helper()
	addresses = localtest.Servers(t, n)
	database = localtest.Database(t, addresses...)
	return append(ShardFlags(addresses, database), Accounts(t, addresses, database)...), addresses, database
}

// ShardFlags are the flags for servers, which are called by ShardName, and for
// root's account there.
func ShardFlags(addresses []string, database string) []string {
	var named []string
	for i, a := range addresses {
		named = append(named, ShardName(i)+"="+a)
	}
	return []string{"-mysql_address", strings.Join(named, ","), "-mysql_database", database}
}

// ShardName is s1 for the first, and so on.
func ShardName(i int) string { return fmt.Sprintf("s%d", i+1) }
