package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy"
)

// A failure before anything was sent has its own status, also when rows were
// on their way already; after that it ends the body, and the connection.
func TestLateFailure(t *testing.T) {
	f := newFixture(t)
	f.proxy.query = rows(10, queryError(1690, "22003"))
	f.query(t, `{"query":"SELECT 1"}`).expect(t, 400, "database_error")

	f.proxy.query = rows(20000, queryError(1690, "22003"))
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
			f.proxy.query = rows(n, nil)
			body := `{"query":"SELECT 1"}`
			if truncated == "true" {
				f.proxy.query = rows(n+1, nil)
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
	f.proxy.query = func(ctx context.Context, _ proxy.Query, sink proxy.Sink) (proxy.Result, error) {
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
	f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
		r, err := rows(100_000_000, nil)(ctx, q, sink)
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
	f.proxy.query = func(ctx context.Context, _ proxy.Query, _ proxy.Sink) (proxy.Result, error) {
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
