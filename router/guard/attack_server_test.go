package guard

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router/tree"
	"github.com/kolide/databalancer/server"
)

// TestAttacksOnServer sends what is left of each attack to a server that logs
// every statement, and lets the server itself say what it understood.
func TestAttacksOnServer(t *testing.T) {
	ctx, conn := t.Context(), loggingServer(t)
	dialect, info := dialectOf(t, conn)
	explain := "EXPLAIN EXTENDED "
	if info.Vendor == server.MySQL {
		explain = "EXPLAIN FORMAT=TRADITIONAL " // its default tells of no statement
	}
	if names := understood(ctx, conn, explain+"SELECT 'sleep(2)', SLEEP(0), ABS(b) FROM t"); !slices.Equal(names, []string{"sleep", "abs"}) {
		t.Fatalf("the server understood %q", names) // the test would see nothing
	}
	var sent []string
	for _, a := range attacks {
		st, err := dialect.Parse(a.sql, nil, Limits{})
		if err != nil {
			continue // the router gives nothing to send
		}
		text, err := tree.Restore(st.node)
		if err != nil {
			t.Fatalf("%q: %v", a.sql, err)
		}
		sent = append(sent, text)
		run(ctx, conn, text) // some name columns that are not there
		for _, name := range understood(ctx, conn, explain+text) {
			if _, ok := tree.Functions[name]; !ok && !has(tree.Aggregates, name) {
				t.Errorf("%q\nrestored %q\ncalls %s", a.sql, text, name)
			}
		}
	}
	if len(sent) < 20 {
		t.Fatalf("only %d attacks leave something to send", len(sent))
	}
	if logged := loggedStatements(t, conn, explain); !slices.Equal(logged, sent) {
		t.Errorf("the server's log has\n%q\nsent was\n%q", logged, sent)
	}
}

// loggingServer returns the only connection to a server of the test's own
// that logs all statements to mysql.general_log.
func loggingServer(t *testing.T) *sql.Conn {
	t.Helper()
	if b := localtest.Backend(t); b.Vendor == server.TiDB {
		t.Skipf("SKIPPED: %s has no general log of that form", b)
	}
	addr := localtest.Dedicated(t, 1, "--log-output=TABLE", "--general-log").Sockets()[0]
	return connect(t, addr,
		"CREATE TABLE t (a LONGTEXT, b INT, c INT, `a``b` INT, `) union select sleep(1) -- x` INT, `/*T! z */` INT)",
		"CREATE TABLE u (a INT, c INT)",
		"INSERT INTO t (a) VALUES ('x')",
		"TRUNCATE mysql.general_log",
	)
}

// understood returns the functions that the server says that an explained
// statement calls, in lower case.
func understood(ctx context.Context, conn *sql.Conn, explain string) []string {
	run(ctx, conn, explain)
	notes, err := conn.QueryContext(ctx, "SHOW WARNINGS")
	if err != nil {
		return nil
	}
	defer notes.Close()
	var names []string
	for notes.Next() {
		var level, code, message string
		if err := notes.Scan(&level, &code, &message); err == nil && code == "1003" {
			names = append(names, calls(strings.ReplaceAll(message, " as char(", " ("))...) // a type, of WEIGHT_STRING
		}
	}
	return names
}

// calls returns the words before parentheses that are not SQL's own.
func calls(text string) []string {
	var names []string
	s, last := scanner{src: text}, ""
	for tok := s.next(); tok.kind != tokenEnd; tok = s.next() {
		now := strings.ToLower(text[tok.start:tok.end])
		if now == "(" && last != "" && !slices.Contains(strings.Fields("default in and or not as from select where on join union all any exists by having values row using lateral"), last) {
			names = append(names, last)
		}
		last = ""
		if tok.kind == tokenWord {
			last = now
		}
	}
	return names
}

// loggedStatements returns what the server has been sent, without what this
// test asked it besides.
func loggedStatements(t *testing.T, conn *sql.Conn, explain string) []string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "SELECT argument FROM mysql.general_log WHERE command_type = 'Query' ORDER BY event_time")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var logged []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		own := strings.HasPrefix(text, explain) || strings.Contains(text, "VERSION()") || text == "SHOW WARNINGS" || strings.Contains(text, "general_log")
		if !own {
			logged = append(logged, text)
		}
	}
	return logged
}
