package shard

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/server"
)

// writable makes a session one that may have temporary tables.
func writable(t *testing.T, c *Conn) {
	t.Helper()
	if err := run(t.Context(), c, "SET SESSION TRANSACTION READ WRITE"); err != nil {
		t.Fatal(err)
	}
}

func TestExec(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	writable(t, c)
	for _, s := range []string{server.SetMode(server.FillMode), "CREATE TEMPORARY TABLE x (v LONGTEXT, n TINYINT)"} {
		if err := run(t.Context(), c, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, size := range []int{1, bufferSize - 60, bufferSize, bufferSize + 1, 3*bufferSize + 7, 5 << 20} {
		long := strings.Repeat("é", size/2)
		o, err := c.Exec(t.Context(), "INSERT INTO x VALUES ('"+long+"', 1), ('', 300)")
		if err != nil || o != (Outcome{Affected: 2, Warnings: 1}) {
			t.Fatalf("%d bytes: %+v, %v", size, o, err)
		}
		if got := texts(t, c, "SELECT MAX(CHAR_LENGTH(v)) FROM x")[0][0]; got != strconv.Itoa(size/2) {
			t.Errorf("%d bytes: %q arrived", size, got)
		}
	}
	if _, err := c.Exec(t.Context(), "SELECT 1 FROM "+numbers(8)); !errors.Is(err, errRows) {
		t.Errorf("a SELECT: %v", err)
	}
}

// TestReset finds a session as it was opened.
func TestReset(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	const state = "SELECT @@sql_mode, @@timestamp > 2, @@collation_connection, @@time_zone, @@group_concat_max_len, DATABASE(), CONNECTION_ID()"
	before := strings.Join(texts(t, c, state)[0], " ")
	writable(t, c)
	for _, s := range []string{"SET sql_mode = 'ANSI_QUOTES', timestamp = 1, time_zone = '+03:00', group_concat_max_len = 5, NAMES latin1",
		"CREATE TEMPORARY TABLE x (v INT)", "START TRANSACTION", "INSERT INTO x VALUES (1)"} {
		if err := run(t.Context(), c, s); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(texts(t, c, state)[0], " ") == before {
		t.Fatal("nothing has changed")
	}
	if f.vendor(t) != server.TiDB && !inTransaction(t, c) {
		t.Fatal("no transaction is open")
	}
	if err := c.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := strings.Join(texts(t, c, state)[0], " "); after != before {
		t.Errorf("was %s, is %s", before, after)
	}
	if inTransaction(t, c) {
		t.Error("the transaction is still open")
	}
	if err := run(t.Context(), c, "SELECT v FROM x"); server.Number(err) != server.NoSuchTable {
		t.Errorf("the temporary table: %v", err)
	}
	if err := run(t.Context(), c, "CREATE TEMPORARY TABLE x (v INT)"); err == nil && f.vendor(t) != server.TiDB {
		t.Error("the session may write")
	}
	rows, err := c.Query(t.Context(), "SELECT 1 FROM "+numbers(6))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Reset(t.Context()); !errors.Is(err, errBusy) {
		t.Errorf("with open rows: %v", err)
	}
	rows.Close()
	if err := c.Reset(t.Context()); err != nil {
		t.Errorf("of a connection that was given up: %v", err)
	}
	c = open(t, f.shard(t, "s0"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Reset(ctx); err == nil {
		t.Error("with a context that has ended: no error")
	}
	if err := run(t.Context(), c, "SELECT 1"); !errors.Is(err, errDiscarded) {
		t.Errorf("after that: %v", err)
	}
}

// inTransaction reports whether a session refuses what it can't do in the
// middle of one. TiDB refuses it never.
func inTransaction(t *testing.T, c *Conn) bool {
	t.Helper()
	const cantChange = 1568 // ER_CANT_CHANGE_TX_CHARACTERISTICS
	err := run(t.Context(), c, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	if err != nil && server.Number(err) != cantChange {
		t.Fatal(err)
	}
	return err != nil
}
