package gather

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// resetTimeout bounds making a session what it was.
const resetTimeout = 2 * time.Second

// session is one connection that a gather holds from its first statement to
// its last. Several shipments may write to it: they take turns, in the order in
// which they came.
type session struct {
	shard    *shard.Shard
	tag      string
	conn     *shard.Conn
	turn     chan struct{} // holds one token while a statement runs
	used     bool          // its settings are no more what they were, or it has tables
	writable bool          // temporary tables may be made
	filling  bool          // sql_mode is the one for making and filling tables
	raw      bool          // results are not converted
}

func newSession(sh *shard.Shard, tag string) *session {
	return &session{shard: sh, tag: tag, turn: make(chan struct{}, 1)}
}

func (s *session) open(ctx context.Context) (err error) {
	s.conn, err = s.shard.Conn(ctx)
	return err
}

// set runs a statement that changes the session, when its turn has come.
func (s *session) set(ctx context.Context, statement string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	return s.setLocked(ctx, statement)
}

func (s *session) setLocked(ctx context.Context, statement string) error {
	s.used = true
	_, err := s.conn.Exec(ctx, s.tag+" "+statement)
	return err
}

// make runs a statement that makes a table, when its turn has come, in the
// mode for filling. In a strict one servers refuse the zero that they themselves
// make the default of a date.
func (s *session) make(ctx context.Context, statement string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	if err := s.mode(ctx, true); err != nil {
		return err
	}
	return s.setLocked(ctx, statement)
}

// query starts a statement, in the mode for users' statements. The caller has
// the session to itself until the rows are closed.
func (s *session) query(ctx context.Context, statement string) (*shard.Rows, error) {
	if err := s.mode(ctx, false); err != nil {
		return nil, err
	}
	return s.conn.Query(ctx, s.tag+" "+statement)
}

// queryRaw is query for a SELECT whose texts come in the charsets of their
// columns, as its columns tell. among says that it looks for keys in a list.
func (s *session) queryRaw(ctx context.Context, statement string, among bool) (*shard.Rows, error) {
	if err := s.mode(ctx, false); err != nil {
		return nil, err
	}
	first, statement := s.conn.Server().Raw(statement, among)
	if first != "" && s.raw {
		first = ""
	}
	if first != "" {
		first, s.used, s.raw = s.tag+" "+first, true, true
	}
	return s.conn.QueryAfter(ctx, first, s.tag+" "+statement)
}

// valueAfter returns a column of a statement's only row. It runs another one
// before, that makes a table, and both in the mode for that.
func (s *session) valueAfter(ctx context.Context, first, statement string, column int) (string, error) {
	if err := s.mode(ctx, true); err != nil {
		return "", err
	}
	s.used = true
	rows, err := s.conn.QueryAfter(ctx, s.tag+" "+first, s.tag+" "+statement)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var value string
	for rows.Next() {
		if column < len(rows.Values()) {
			value = string(rows.Values()[column])
		}
	}
	return value, rows.Err()
}

// warnings returns how many warnings of the last statement say something of its
// values. Which ones those are is asked where there are more than expected, and
// told of as many as the server has kept. The caller has locked the session.
func (s *session) warnings(ctx context.Context, of shard.Outcome, expected int) (int, error) {
	if of.Warnings <= expected {
		return of.Warnings, nil
	}
	rows, err := s.conn.Query(ctx, s.tag+" SHOW WARNINGS")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	advice := 0
	for rows.Next() { // level, number, message
		if number, err := strconv.ParseUint(string(rows.Values()[1]), 10, 16); err == nil && server.Classify(uint16(number), string(rows.Values()[2])).Has(server.Advice) {
			advice++
		}
	}
	return of.Warnings - min(of.Warnings, advice), rows.Err()
}

// columns returns those of a SELECT without rows, as queryRaw has them.
func (s *session) columns(ctx context.Context, statement string) ([]shard.ColumnType, error) {
	rows, err := s.queryRaw(ctx, statement, false)
	if err != nil {
		return nil, err
	}
	return onlyColumns(rows)
}

// told returns the columns of a SELECT without rows, when its turn has come. The
// session may be in whatever mode: none changes types.
func (s *session) told(ctx context.Context, statement string) ([]shard.ColumnType, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	rows, err := s.conn.Query(ctx, s.tag+" "+statement)
	if err != nil {
		return nil, err
	}
	return onlyColumns(rows)
}

// onlyColumns returns the columns of a result without rows, and closes it.
func onlyColumns(rows *shard.Rows) ([]shard.ColumnType, error) {
	defer rows.Close()
	for rows.Next() { // to its end
	}
	return slices.Clone(rows.Columns()), rows.Err()
}

func (s *session) lock(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *session) unlock() { <-s.turn }

// mode sets the sql_mode for making and filling tables, or the one for users'
// statements. The caller has locked the session.
func (s *session) mode(ctx context.Context, filling bool) error {
	if s.filling == filling {
		return nil
	}
	mode := s.conn.Server().QueryMode()
	if filling {
		mode = server.FillMode
	}
	if err := s.setLocked(ctx, server.SetMode(mode)); err != nil {
		return err
	}
	s.filling = filling
	return nil
}

// close gives the connection back: as it was found where all went well, else
// closed, with which the server drops its temporary tables.
func (s *session) close(well bool) error {
	if s.conn == nil {
		return nil
	}
	defer func() { s.conn = nil }()
	var err error
	switch {
	case !well:
		s.conn.Discard()
	case s.used:
		ctx, cancel := context.WithTimeout(context.Background(), resetTimeout)
		defer cancel()
		if err = s.conn.Reset(ctx); err != nil {
			err = fmt.Errorf("session not restored: %w", err)
		}
	}
	if closed := s.conn.Close(); err == nil {
		err = closed
	}
	return err
}
