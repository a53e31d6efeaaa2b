package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/shard"
)

// Tables performs the catalog's schema changes on the shards. Every method
// may be repeated after it ended anywhere, and waits at most a second for a
// lock, to return catalog.ErrBusy then: a statement that waits for a table
// makes all its later users wait too.
//
// Each table's comment names the life of the family it belongs to. So a table
// that somebody else made is neither filled nor dropped, and neither is that
// of a family of the same name which was created later.
type Tables struct {
	shards Shards
	log    *slog.Logger
}

var _ catalog.DDL = (*Tables)(nil)

// NewTables returns a catalog.DDL over the shards. A nil logger discards.
func NewTables(shards Shards, log *slog.Logger) *Tables {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Tables{shards, log}
}

// CreateTable creates the table, or adds what it lacks. A table of that name
// which is not this family's is catalog.ErrNameTaken.
func (ts *Tables) CreateTable(ctx context.Context, name string, t *catalog.Table, p catalog.Placement) error {
	return ts.on(ctx, name, func(s *ddlSession) error {
		if err := s.exec(ctx, s.dialect.createTable(t, p)); err != nil {
			return err
		}
		return s.complete(ctx, t)
	})
}

// AddColumns adds the columns that the table lacks.
func (ts *Tables) AddColumns(ctx context.Context, name string, t *catalog.Table, _ []catalog.Column) error {
	return ts.on(ctx, name, func(s *ddlSession) error { return s.complete(ctx, t) })
}

// DropTable renames the table, so that writers which don't know yet that the
// family is gone find none; the rename waits for the transactions that have
// used it. Then it drops the table, and deletes the family's raw logs.
func (ts *Tables) DropTable(ctx context.Context, name string, t *catalog.Table, _ catalog.Placement) error {
	return ts.on(ctx, name, func(s *ddlSession) error {
		life, err := s.life(ctx, t.Name)
		if err != nil {
			return err
		}
		switch life {
		case lifeComment(t.ID):
			err = s.exec(ctx, fenceTable(t))
		case "": // was fenced, or never created
		default:
			ts.log.Warn("Leaving a table that is not the dropped family's", "shard", name, "family", t.Name)
		}
		if err != nil {
			return err
		}
		if err := s.exec(ctx, dropTable(t)); err != nil {
			return err
		}
		return s.deleteRawLogs(ctx, t.Name)
	})
}

// on calls do with a session on the shard.
func (ts *Tables) on(ctx context.Context, name string, do func(*ddlSession) error) error {
	sh, err := ts.shards.Shard(name)
	if err != nil {
		return err
	}
	server, err := sh.Server(ctx)
	if err != nil {
		return err
	}
	conn, err := sh.Write().Conn(ctx)
	if err != nil {
		return shard.Wrap(name, err)
	}
	defer conn.Close()
	s := &ddlSession{shard: name, conn: conn, dialect: dialectOf(server)}
	return shard.Wrap(name, s.run(ctx, do))
}

// lockWait is how long a schema change waits for a table.
const lockWait = "1"

// ddlSession is a connection that changes tables.
type ddlSession struct {
	shard   string
	conn    *sql.Conn
	dialect dialect
}

// run calls do while the session waits only shortly for locks.
func (s *ddlSession) run(ctx context.Context, do func(*ddlSession) error) error {
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

// exec runs a statement. A table that somebody else holds, or has changed
// meanwhile, as a statement may that outlived its client, is catalog.ErrBusy.
func (s *ddlSession) exec(ctx context.Context, statement string) error {
	_, err := s.conn.ExecContext(ctx, statement)
	switch number(err) {
	case errLockWait, errDuplicateColumn, errNoTable:
		return fmt.Errorf("%w: %w", catalog.ErrBusy, shard.Wrap(s.shard, err))
	}
	return err
}

// complete checks that the table is the family's, and adds the columns that
// it lacks.
func (s *ddlSession) complete(ctx context.Context, t *catalog.Table) error {
	life, err := s.life(ctx, t.Name)
	switch {
	case err != nil:
		return err
	case life == "":
		return fmt.Errorf("table %s is missing", t.Name)
	case life != lifeComment(t.ID):
		return fmt.Errorf("%w by a table that is not this family's", catalog.ErrNameTaken)
	}
	present, err := s.columns(ctx, t.Name)
	if err != nil {
		return err
	}
	for _, statement := range s.dialect.addColumns(t, present) {
		if err := s.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// life returns the comment of a table of that name, or "" where there is no
// such table.
func (s *ddlSession) life(ctx context.Context, table string) (string, error) {
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

// columns returns the names of a table's columns, in lower case.
func (s *ddlSession) columns(ctx context.Context, table string) (map[string]bool, error) {
	names, err := s.strings(ctx, selectColumns, table)
	present := make(map[string]bool, len(names))
	for _, name := range names {
		present[name] = true
	}
	return present, err
}

// deleteRawLogs deletes the raw logs of a family. It finds them without locks
// and deletes them by their keys, so that other families' rows and the gaps
// between them stay free.
func (s *ddlSession) deleteRawLogs(ctx context.Context, family string) error {
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
func (s *ddlSession) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
