package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// endless are queries that run for minutes: one in its last statement, one in
// a statement whose rows are shipped.
var endless = []query{
	{name: "at its end", sql: "SELECT COUNT(*) AS n FROM clients c JOIN products p ON p.title > c.name JOIN products q ON q.title > p.title"},
	{name: "while it ships", sql: `SELECT COUNT(*) AS n FROM clients c
		JOIN (SELECT x.client, COUNT(*) AS n FROM sales x JOIN sales y ON y.note < x.note GROUP BY x.client) AS t ON t.client = c.id`},
}

// cancel measures how long it takes from the stop of a query, in either way
// that clients have, until no shard runs a statement of it.
func cancel(ctx context.Context, s *scattered) (*findings, error) {
	if err := s.loadJoins(ctx); err != nil {
		return nil, err
	}
	rounds := 10
	if s.quick {
		rounds = 1
	}
	f := &findings{setting: s.setting("Queries that would run for minutes, stopped after 0.2 to 0.7 s; the shards' process lists are read until none shows a statement of the query.")}
	for _, q := range endless {
		for _, byDelete := range []bool{true, false} {
			m := measure{what: "client's disconnect, query " + q.name, unit: " ms", atMost: 100}
			if byDelete {
				m.what = "DELETE /api/query/{id}, query " + q.name
			}
			if err := s.cancelRounds(ctx, &m, q, byDelete, rounds); err != nil {
				return nil, fmt.Errorf("%s: %w", m.what, err)
			}
			s.logf("cancel: %s: %s (%s)", m.what, m.format(), m.note)
			f.measures = append(f.measures, m)
		}
	}
	return f, nil
}

// cancelRounds makes the measure the longest time of several rounds.
func (s *scattered) cancelRounds(ctx context.Context, m *measure, q query, byDelete bool, rounds int) error {
	var times []float64
	for range rounds {
		took, err := s.cancelOnce(ctx, q, byDelete)
		if e := new(failedError); errors.As(err, &e) {
			code, detail := e.problem()
			m.failed = code + ": " + detail
			return nil
		}
		if err != nil {
			return err
		}
		times = append(times, float64(took.Microseconds())/1e3)
	}
	m.value = slices.Max(times)
	m.note = fmt.Sprintf("the longest of %d; median %.3g ms", rounds, median(times))
	return nil
}

// cancelOnce starts a query, stops it and returns how long it lives on.
func (s *scattered) cancelOnce(ctx context.Context, q query, byDelete bool) (time.Duration, error) {
	asking, disconnect := context.WithCancel(ctx)
	defer disconnect()
	ended := make(chan error, 1)
	go func() { ended <- s.post(asking, q.sql) }()
	select {
	case err := <-ended:
		if err == nil {
			err = errors.New("the query ended by itself")
		}
		return 0, err
	case <-time.After(200*time.Millisecond + rand.N(500*time.Millisecond)):
	}
	id, err := s.running(ctx)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if byDelete {
		if err := s.stop(ctx, id); err != nil {
			return 0, err
		}
	} else {
		disconnect()
	}
	took, err := s.gone(ctx, id, began)
	if err != nil {
		return 0, err
	}
	<-ended
	return took, nil
}

// post asks a query with a client that disconnects when ctx ends.
func (s *scattered) post(ctx context.Context, query string) error {
	body, err := request(query)
	if err != nil {
		return err
	}
	return s.send(ctx, http.MethodPost, "/api/query", body, http.StatusOK)
}

func (s *scattered) stop(ctx context.Context, id string) error {
	return s.send(ctx, http.MethodDelete, "/api/query/"+id, nil, http.StatusNoContent)
}

func (s *scattered) send(ctx context.Context, method, path string, body []byte, want int) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.program.Address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want && resp.StatusCode != http.StatusOK {
		err = &failedError{status: resp.Status, body: text}
	}
	return err
}

var queryID = regexp.MustCompile(`databalancer query_id=([0-9A-Za-z_-]+)`)

// running returns the id of the query that the shards run.
func (s *scattered) running(ctx context.Context) (string, error) {
	for _, shard := range s.shards {
		statements, err := statementsOn(ctx, shard, "databalancer query_id=")
		if err != nil {
			return "", err
		}
		for _, statement := range statements {
			if m := queryID.FindStringSubmatch(statement); m != nil {
				return m[1], nil
			}
		}
	}
	return "", errors.New("no shard runs a statement of the query")
}

// gone waits until no shard runs a statement of the query, and returns how
// long after began that was. A shard may be between two statements: so they
// are all asked once more some time later.
func (s *scattered) gone(ctx context.Context, id string, began time.Time) (time.Duration, error) {
	for {
		left, err := s.left(ctx, id)
		if err != nil {
			return 0, err
		}
		took := time.Since(began)
		if left == 0 {
			time.Sleep(50 * time.Millisecond)
			if left, err = s.left(ctx, id); left == 0 || err != nil {
				return took, err
			}
		}
		if took > 30*time.Second {
			return 0, fmt.Errorf("%d statements are left after %v", left, took)
		}
		time.Sleep(time.Millisecond)
	}
}

// left returns how many statements of the query the shards run.
func (s *scattered) left(ctx context.Context, id string) (count int, err error) {
	for _, shard := range s.shards {
		statements, err := statementsOn(ctx, shard, "databalancer query_id="+id)
		if err != nil {
			return 0, err
		}
		count += len(statements)
	}
	return count, nil
}

// statementsOn returns the statements that a server runs and that hold the
// text, but for its own.
func statementsOn(ctx context.Context, server *sql.DB, text string) ([]string, error) {
	rows, err := server.QueryContext(ctx, "SELECT INFO FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND INFO LIKE '%"+text+"%'")
	if err != nil {
		return nil, fmt.Errorf("process list: %w", err)
	}
	defer rows.Close()
	var statements []string
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			return nil, fmt.Errorf("process list: %w", err)
		}
		statements = append(statements, statement)
	}
	return statements, rows.Err()
}
