package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// reader reads the row of an id, and checks that it is that row. It is one
// client with one connection.
type reader interface {
	read(ctx context.Context, id int64) error
	close()
}

func (b *single) newReader(ctx context.Context, w way) (reader, error) {
	switch w {
	case overHTTP:
		return dial(b.program.Address)
	case overNetHTTP:
		return &netReader{url: "http://" + b.program.Address + "/api/query", http: &http.Client{Transport: &http.Transport{}}}, nil
	}
	conn, err := b.direct.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("direct connection: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "USE "+database); err != nil {
		conn.Close()
		return nil, fmt.Errorf("direct connection: %w", err)
	}
	r := &directReader{conn: conn}
	if w == prepared {
		r.prepared, err = conn.PrepareContext(ctx, "SELECT * FROM `dns` WHERE id = ?")
	}
	return r, err
}

// pointBody appends the API's request for a row.
func pointBody(dst []byte, id int64) []byte {
	dst = append(dst, "{\"query\":\"SELECT * FROM `dns` WHERE id = "...)
	dst = strconv.AppendInt(dst, id, 10)
	return append(dst, `"}`...)
}

// checkAnswer checks the API's answer to that request.
func checkAnswer(answer []byte, id int64) error {
	var buf [64]byte
	want := append(buf[:0], `{"results":[{"id":`...)
	want = append(strconv.AppendInt(want, id, 10), ',')
	if !bytes.HasPrefix(answer, want) {
		return fmt.Errorf("row %d: got %s", id, answer)
	}
	return nil
}

func (c *client) read(_ context.Context, id int64) error {
	var buf [128]byte
	answer, err := c.do("POST", "/api/query", pointBody(buf[:0], id))
	if err != nil {
		return err
	}
	return checkAnswer(answer, id)
}

type netReader struct {
	url  string
	http *http.Client
}

func (r *netReader) read(_ context.Context, id int64) error {
	resp, err := r.http.Post(r.url, "application/json", bytes.NewReader(pointBody(nil, id)))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return checkAnswer(answer, id)
}

func (r *netReader) close() { r.http.CloseIdleConnections() }

type directReader struct {
	conn     *sql.Conn
	prepared *sql.Stmt
	values   []sql.RawBytes
	targets  []any
}

func (r *directReader) read(ctx context.Context, id int64) (err error) {
	var rows *sql.Rows
	if r.prepared != nil {
		rows, err = r.prepared.QueryContext(ctx, id)
	} else {
		rows, err = r.conn.QueryContext(ctx, "SELECT * FROM `dns` WHERE id = "+strconv.FormatInt(id, 10))
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	if r.targets == nil {
		if err := r.prepareTargets(rows); err != nil {
			return err
		}
	}
	if !rows.Next() {
		return errors.Join(fmt.Errorf("row %d: none", id), rows.Err())
	}
	if err := rows.Scan(r.targets...); err != nil {
		return err
	}
	if got, _ := strconv.ParseInt(string(r.values[0]), 10, 64); got != id {
		return fmt.Errorf("row %d: got row %d", id, got)
	}
	return rows.Close()
}

func (r *directReader) prepareTargets(rows *sql.Rows) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	r.values = make([]sql.RawBytes, len(columns))
	for i := range r.values {
		r.targets = append(r.targets, &r.values[i])
	}
	return nil
}

func (r *directReader) close() {
	if r.prepared != nil {
		r.prepared.Close()
	}
	r.conn.Close()
}
