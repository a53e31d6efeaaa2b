package ingest

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kolide/databalancer/server"
)

// session is a connection that inserts, with its prepared statements. It uses
// the driver's own interfaces: database/sql would convert and copy each of
// the thousands of parameters of a statement.
type session struct {
	conn     driver.Conn
	prepared []*prepared // the one used last is at the end
	params   int         // of all of them
	used     time.Time
}

// prepared is a prepared INSERT of a number of rows.
type prepared struct {
	insert string
	rows   int
	params int
	stmt   driver.StmtExecContext
}

// The bounds of a connection's prepared statements. A server keeps some 300
// bytes for each parameter, and has room for some 16,000 statements of all
// connections.
const (
	maxPrepared       = 64
	maxPreparedParams = 1 << 16
)

// exec runs a statement without parameters.
func (s *session) exec(ctx context.Context, statement string) error {
	execer, ok := s.conn.(driver.ExecerContext)
	if !ok {
		return fmt.Errorf("driver %T: no direct statements", s.conn)
	}
	_, err := execer.ExecContext(ctx, statement, nil)
	return err
}

// insert runs a statement that inserts so many rows. When one has outlived its
// table the connection gives up all that it holds, since others may have too:
// they would fail for good.
func (s *session) insert(ctx context.Context, f form, rows int, args []driver.NamedValue) error {
	p, err := s.prepare(ctx, f, rows)
	if err != nil {
		return err
	}
	if _, err = p.stmt.ExecContext(ctx, args); outlived(err) {
		s.evict(0, 0)
	}
	return err
}

// prepare returns the prepared statement for so many rows.
func (s *session) prepare(ctx context.Context, f form, rows int) (*prepared, error) {
	for i := len(s.prepared) - 1; i >= 0; i-- {
		if p := s.prepared[i]; p.rows == rows && p.insert == f.insert {
			s.prepared = append(slices.Delete(s.prepared, i, i+1), p)
			return p, nil
		}
	}
	s.evict(maxPrepared-1, maxPreparedParams-rows*f.params)
	p := &prepared{insert: f.insert, rows: rows, params: rows * f.params}
	var err error
	if p.stmt, err = s.prepareNew(ctx, statement(f, rows)); err != nil {
		return nil, err
	}
	s.prepared = append(s.prepared, p)
	s.params += p.params
	return p, nil
}

// prepareNew prepares a statement. When the server has no room for one more,
// the connection gives up those that it holds.
func (s *session) prepareNew(ctx context.Context, query string) (driver.StmtExecContext, error) {
	preparer, ok := s.conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, fmt.Errorf("driver %T: no prepared statements", s.conn)
	}
	stmt, err := preparer.PrepareContext(ctx, query)
	if server.Number(err) == server.TooManyPrepared && len(s.prepared) > 0 {
		s.evict(0, 0)
		stmt, err = preparer.PrepareContext(ctx, query)
	}
	if err != nil {
		return nil, err
	}
	execer, ok := stmt.(driver.StmtExecContext)
	if !ok {
		return nil, fmt.Errorf("driver %T: no contexts", stmt)
	}
	return execer, nil
}

// evict closes statements, those unused for longest first, until there are at
// most so many with so many parameters.
func (s *session) evict(count, params int) {
	for len(s.prepared) > 0 && (len(s.prepared) > count || s.params > params) {
		p := s.prepared[0]
		s.prepared = slices.Delete(s.prepared, 0, 1)
		s.params -= p.params
		if closer, ok := p.stmt.(driver.Stmt); ok {
			_ = closer.Close() // a connection that fails here fails at the next statement too
		}
	}
}

// statement spells an INSERT of so many rows.
func statement(f form, rows int) string {
	return f.insert + strings.Repeat(f.row+",", rows-1) + f.row
}

// sessions finds the session of a pooled connection again. A connection may
// be closed by its pool at any time, which nobody is told of, so sessions that
// are not used for long are forgotten; their statements end with the
// connection, at the latest.
type sessions struct {
	mu  sync.Mutex
	all map[driver.Conn]*session
}

// forgetAfter is longer than a pool keeps an idle connection.
const forgetAfter = 10 * time.Minute

// get returns the session of a connection that the caller has to himself.
func (ss *sessions) get(conn driver.Conn) *session {
	now := time.Now()
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s, ok := ss.all[conn]
	if !ok {
		for c, old := range ss.all {
			if now.Sub(old.used) > forgetAfter {
				delete(ss.all, c)
			}
		}
		if ss.all == nil {
			ss.all = make(map[driver.Conn]*session)
		}
		s = &session{conn: conn}
		ss.all[conn] = s
	}
	s.used = now
	return s
}

// forget drops the session of a connection that is given up.
func (ss *sessions) forget(conn driver.Conn) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.all, conn)
}
