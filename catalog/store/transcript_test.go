package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

// transcript is a connector to a database that keeps all statements which are
// sent over it, with their arguments. A pool over it has one connection, so
// they are in order.
type transcript struct {
	db         *sql.DB
	statements []string
}

func newTranscript(t *testing.T, d *database) (*transcript, *sql.DB) {
	t.Helper()
	tr := &transcript{db: localtest.Open(t, d.addr, d.name)}
	db := sql.OpenDB(tr)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return tr, db
}

func (tr *transcript) Driver() driver.Driver { return tr.db.Driver() }

func (tr *transcript) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := tr.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	recorded := &transcribed{tr: tr}
	return recorded, conn.Raw(func(c any) error {
		recorded.Conn = c.(driver.Conn)
		return nil
	})
}

// keep returns the statement as it is sent.
func (tr *transcript) keep(query string, args []driver.NamedValue) string {
	var text strings.Builder
	parts := strings.Split(strings.Join(strings.Fields(query), " "), "?")
	for i, part := range parts {
		text.WriteString(part)
		if i < len(args) {
			text.WriteString(literalOf(args[i].Value))
		}
	}
	tr.statements = append(tr.statements, text.String())
	return text.String()
}

func literalOf(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return literal(v)
	case []byte:
		return literal(string(v))
	}
	return fmt.Sprint(v)
}

// literal spells a text.
func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}

// transcribed is a connection of a transcript.
type transcribed struct {
	driver.Conn
	tr *transcript
}

func (c *transcribed) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, c.tr.keep(query, args), nil)
}

func (c *transcribed) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, c.tr.keep(query, args), nil)
}

func (c *transcribed) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("prepared statements are not transcribed")
}

func (c *transcribed) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	c.tr.keep("BEGIN", nil)
	return &transcribedTx{tx, c.tr}, err
}

type transcribedTx struct {
	driver.Tx
	tr *transcript
}

func (tx *transcribedTx) Commit() error {
	tx.tr.keep("COMMIT", nil)
	return tx.Tx.Commit()
}

func (tx *transcribedTx) Rollback() error {
	tx.tr.keep("ROLLBACK", nil)
	return tx.Tx.Rollback()
}
