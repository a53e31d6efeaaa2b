package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
)

// answer is what the rows of an answer come to, in whatever order: two that
// are equal have, in all likelihood, the same rows.
type answer struct {
	rows int
	sum  uint64
}

func (a *answer) add(values [][]byte) {
	h := fnv.New64a()
	for _, v := range values {
		if v == nil {
			h.Write([]byte{0xff}) // in no UTF-8
		}
		h.Write(v)
		h.Write([]byte{0})
	}
	a.rows++
	a.sum += h.Sum64()
}

// querier is connections or one of them.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ask reads a query's whole answer, and returns how long that took.
func ask(ctx context.Context, on querier, query string) (a answer, took time.Duration, err error) {
	began := time.Now()
	rows, err := on.QueryContext(ctx, query)
	if err != nil {
		return a, 0, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return a, 0, err
	}
	raw, targets, values := make([]sql.RawBytes, len(names)), make([]any, len(names)), make([][]byte, len(names))
	for i := range raw {
		targets[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return a, 0, err
		}
		for i, v := range raw {
			values[i] = v
		}
		a.add(values)
	}
	return a, time.Since(began), rows.Err()
}

// request is the body of a query to the API.
func request(query string) ([]byte, error) {
	return json.Marshal(map[string]any{"query": query, "shape": "arrays", "limit": 1_000_000})
}

// askHTTP reads a query's whole answer over HTTP, and returns how long that
// took.
func askHTTP(c *client, query string) (a answer, took time.Duration, err error) {
	body, err := request(query)
	if err != nil {
		return a, 0, err
	}
	began := time.Now()
	text, err := c.do("POST", "/api/query", body)
	took = time.Since(began)
	if err != nil {
		return a, 0, err
	}
	a, err = read(text)
	return a, took, err
}

// read takes the API's answer apart, of the shape "arrays". Numbers count as
// their digits, which are the server's own.
func read(text []byte) (a answer, err error) {
	var body struct {
		Rows      [][]json.RawMessage
		Truncated bool
		Error     json.RawMessage
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return a, fmt.Errorf("answer: %w", err)
	}
	if body.Truncated || body.Error != nil {
		return a, fmt.Errorf("answer: not whole: %s", body.Error)
	}
	for _, row := range body.Rows {
		values := make([][]byte, len(row))
		for i, v := range row {
			switch {
			case bytes.Equal(v, []byte("null")):
			case v[0] == '"':
				var s string
				if err := json.Unmarshal(v, &s); err != nil {
					return a, fmt.Errorf("answer: %w", err)
				}
				values[i] = []byte(s)
			default:
				values[i] = v
			}
		}
		a.add(values)
	}
	return a, nil
}
