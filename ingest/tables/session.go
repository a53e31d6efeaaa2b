package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// lockWait is how long a schema change waits for a table.
const lockWait = "1"

// session is a connection that changes tables.
type session struct {
	shard   string
	conn    *sql.Conn
	dialect dialect
}

// run calls do while the session waits only shortly for locks.
func (s *session) run(ctx context.Context, do func(*session) error) error {
	var before string
	if err := s.conn.QueryRowContext(ctx, "SELECT @@lock_wait_timeout").Scan(&before); err != nil {
		return err
	}
	if err := s.exec(ctx, "SET lock_wait_timeout = "+lockWait); err != nil {
		return err
	}
	err := do(s)
	return errors.Join(err, s.exec(context.WithoutCancel(ctx), "SET lock_wait_timeout = "+before))
}

// exec runs statements until one fails. A table that somebody else holds, or
// has changed meanwhile, as a statement may that outlived its client, is
// catalog.ErrBusy.
func (s *session) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		_, err := s.conn.ExecContext(ctx, statement)
		if server.ClassOf(err).Has(server.Locked | server.Changed) {
			return fmt.Errorf("%w: %w", catalog.ErrBusy, shard.Wrap(s.shard, err))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// own checks that the table is there and the family's.
func (s *session) own(ctx context.Context, t *catalog.Table) error {
	life, err := s.life(ctx, t.Name)
	switch {
	case err != nil:
		return err
	case life == "":
		return fmt.Errorf("table %s is missing", t.Name)
	case life != lifeComment(t.ID):
		return fmt.Errorf("%w by a table that is not this family's", catalog.ErrNameTaken)
	}
	return nil
}

// addIndex adds an index that the table lacks. One that the server refuses is
// catalog.ErrIndexRefused.
func (s *session) addIndex(ctx context.Context, t *catalog.Table, ix catalog.Index) error {
	has, err := s.hasIndex(ctx, t, ix)
	if err != nil || has {
		return err
	}
	err = s.exec(ctx, s.dialect.addIndex(t, ix))
	if server.ClassOf(err).Has(server.NoIndex) {
		return fmt.Errorf("%w: %w", catalog.ErrIndexRefused, shard.Wrap(s.shard, err))
	}
	return err
}

func (s *session) hasIndex(ctx context.Context, t *catalog.Table, ix catalog.Index) (bool, error) {
	return s.hasIndexNamed(ctx, t, indexName(t, ix))
}

func (s *session) hasIndexNamed(ctx context.Context, t *catalog.Table, name string) (bool, error) {
	names, err := s.strings(ctx, selectIndexes, t.Name)
	return slices.Contains(names, name), err
}

// complete checks that the table is the family's, and adds the columns that
// it lacks.
func (s *session) complete(ctx context.Context, t *catalog.Table) error {
	if err := s.own(ctx, t); err != nil {
		return err
	}
	now, unquoted, err := s.respell(ctx, t)
	if err != nil {
		return err
	}
	return s.exec(ctx, s.dialect.addColumns(t, now, unquoted)...)
}

// respell makes the texts that the table has what they are to be. It returns the
// table's columns, and which texts are unquoted, or are to be when they are
// added. Where it is catalog.ErrBusy, and where the server would have to copy
// the table, those that are there stay as they are.
func (s *session) respell(ctx context.Context, t *catalog.Table) (now existing, unquoted map[string]bool, err error) {
	if now, err = pairs(ctx, s.conn, selectColumns, t.Name); err != nil {
		return nil, nil, err
	}
	if unquoted, err = s.dialect.unquoted(t, now); err != nil {
		return nil, nil, err
	}
	if err = s.exec(ctx, s.dialect.respell(t, now, unquoted)...); err == nil {
		return now, unquoted, nil
	}
	for _, name := range groupedTexts(t) {
		if now.has(name) {
			unquoted[name] = now.unquoted(name)
		}
	}
	if number := server.Number(err); number == server.NotInstant || number == server.NotInstantWhy {
		err = nil
	}
	return now, unquoted, err
}

// life returns the comment of a table of that name, or "" where there is no
// such table.
func (s *session) life(ctx context.Context, table string) (string, error) {
	var comment string
	err := s.conn.QueryRowContext(ctx, selectLife, table).Scan(&comment)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err == nil && comment == "":
		return "no comment", nil
	}
	return comment, err
}

// deleteRawLogs deletes the raw logs of a family. It finds them without locks
// and deletes them by their keys, so that other families' rows and the gaps
// between them stay free.
func (s *session) deleteRawLogs(ctx context.Context, family string) error {
	for {
		ids, err := s.strings(ctx, selectRawLogs, family, family)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := s.exec(ctx, deleteRawLogs(ids)); err != nil {
			return err
		}
	}
}

// strings returns the rows of a query with one column.
func (s *session) strings(ctx context.Context, query string, args ...any) (all []string, err error) {
	err = scan(ctx, s.conn, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		all = append(all, text)
		return err
	}, query, args...)
	return all, err
}

// querier is a connection or a pool of them.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// pairs returns the rows of a query with two columns, by the first.
func pairs(ctx context.Context, q querier, query string, args ...any) (map[string]string, error) {
	all := map[string]string{}
	err := scan(ctx, q, func(rows *sql.Rows) error {
		var key, value string
		err := rows.Scan(&key, &value)
		all[key] = value
		return err
	}, query, args...)
	return all, err
}

// scan calls each for every row of a query.
func scan(ctx context.Context, q querier, each func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
