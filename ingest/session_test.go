package ingest

import (
	"context"
	"database/sql/driver"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/server"
)

// fakeConn counts its open statements, and refuses too many.
type fakeConn struct {
	driver.Conn
	most     int
	open     int
	prepared int
	executed []int // parameters
}

func (c *fakeConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	if c.open == c.most {
		return nil, &mysql.MySQLError{Number: server.TooManyPrepared}
	}
	c.open++
	c.prepared++
	return &fakeStmt{conn: c}, nil
}

type fakeStmt struct {
	driver.Stmt
	conn *fakeConn
}

func (s *fakeStmt) Close() error { s.conn.open--; return nil }

func (s *fakeStmt) ExecContext(_ context.Context, args []driver.NamedValue) (driver.Result, error) {
	for i, a := range args {
		if a.Ordinal != i+1 {
			return nil, fmt.Errorf("parameter %d has the ordinal %d", i+1, a.Ordinal)
		}
	}
	s.conn.executed = append(s.conn.executed, len(args))
	return driver.RowsAffected(0), nil
}

// sizedRows are n rows of the given parameters and size.
type sizedRows struct{ n, size, row int }

func (r *sizedRows) next() (int, bool) { r.row++; return r.size, r.row <= r.n }
func (r *sizedRows) fill(params []driver.NamedValue) {
	for i := range params {
		params[i].Value = int64(r.row)
	}
}

func TestStatementSizes(t *testing.T) {
	for _, tt := range []struct {
		rows, params, size int
		want               string
	}{
		{1000, 2, 100, "[512 512 512 256 128 64 16]"}, // 256 rows at most
		{1000, 26, 100, "[4082 4082 4082 4082 4082 4082 832 416 208 52]"},
		{3, 1000, 100, "[2000 1000]"},
		{5, 1014, 100, "[4056 1014]"},
		{2, 5000, 100, "[5000 5000]"},
		{4, 2, 400 << 10, "[4 4]"},
		{2, 2, 15 << 20, "[2 2]"},
		{0, 2, 1, "[]"},
		{300, 0, 10, "[0 0 0 0]"},
	} {
		conn := &fakeConn{most: 100}
		var ins inserter
		s := &session{conn: conn}
		f := form{insert: "INSERT", row: "(?)", params: tt.params}
		for range 2 {
			conn.executed = nil
			if err := ins.insert(t.Context(), s, f, &sizedRows{n: tt.rows, size: tt.size}); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(conn.executed); got != tt.want {
				t.Errorf("%d rows of %d parameters and %d bytes: %s, want %s", tt.rows, tt.params, tt.size, got, tt.want)
			}
		}
		if conn.prepared != len(s.prepared) {
			t.Errorf("%d statements prepared, %d kept", conn.prepared, len(s.prepared))
		}
		ins.release()
		for _, a := range ins.args {
			if a.Value != nil {
				t.Fatal("a value is kept")
			}
		}
	}
}

func TestPreparedStatementsAreBounded(t *testing.T) {
	conn := &fakeConn{most: 1000}
	s := &session{conn: conn}
	prepare := func(i, params int) *prepared {
		p, err := s.prepare(t.Context(), form{insert: fmt.Sprint(i), row: "(?)", params: params}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	hot := prepare(-1, 1)
	for i := range 3 * maxPrepared {
		prepare(i, 1)
		if prepare(-1, 1) != hot {
			t.Fatal("a statement in use was closed")
		}
	}
	if conn.open != maxPrepared {
		t.Errorf("%d statements are open", conn.open)
	}
	for i := range 100 {
		prepare(i, maxPreparedParams/10)
	}
	if conn.open > 10 || s.params > maxPreparedParams {
		t.Errorf("%d statements with %d parameters are open", conn.open, s.params)
	}
}

// TestServerWithoutRoom has a server that refuses one statement more.
func TestServerWithoutRoom(t *testing.T) {
	conn := &fakeConn{most: 3}
	s := &session{conn: conn}
	for i := range 10 {
		if _, err := s.prepare(t.Context(), form{insert: fmt.Sprint(i), row: "(?)", params: 1}, 1); err != nil {
			t.Fatal(err)
		}
	}
	full := &session{conn: &fakeConn{}}
	_, err := full.prepare(t.Context(), form{insert: "x", row: "(?)", params: 1}, 1)
	if server.Number(err) != server.TooManyPrepared {
		t.Errorf("%v", err)
	}
}

func TestSessionsAreForgotten(t *testing.T) {
	var ss sessions
	old, fresh := &fakeConn{}, &fakeConn{}
	first := ss.get(old)
	if ss.get(old) != first {
		t.Error("a session was not found again")
	}
	first.used = first.used.Add(-2 * forgetAfter)
	ss.get(fresh)
	if len(ss.all) != 1 {
		t.Errorf("%d sessions", len(ss.all))
	}
	ss.forget(fresh)
	if len(ss.all) != 0 {
		t.Errorf("%d sessions", len(ss.all))
	}
}
