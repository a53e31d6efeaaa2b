package guard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// A restored statement must return what the client's own text returns: the
// same columns, names, types and rows, or the same error.

const faithfulTables = `
CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), n INT, u BIGINT UNSIGNED, d DECIMAL(20,6),
	f DOUBLE, dt DATETIME(6), da DATE, ti TIME(3), js JSON, b VARBINARY(40), bits BIT(12), ` + "`a b`" + ` INT, log LONGTEXT,
	FULLTEXT KEY (log));
INSERT INTO t (name, n, u, d, f, dt, da, ti, js, b, bits, ` + "`a b`" + `, log) VALUES
	('spot', 1, 18446744073709551615, 1.5, 0.1, '2024-02-29 12:34:56.789012', '2024-02-29', '12:34:56.789', '{"a":{"b":[1,2,3]},"s":"x\\\"y"}', 0x00FF41, 5, 7, 'red apple'),
	('Max', -2, 0, -0.000001, -1e300, '1999-12-31 23:59:59.999999', '1999-12-31', '-838:59:59', '[]', 'abc', 4095, 0, 'green apple pie'),
	('it''s \\ "q"', NULL, 9223372036854775808, 99999999999999.999999, 3.5, '2000-01-01', '2000-01-01', '00:00:00', '{"a":null}', '', 0, NULL, 'yellow pear'),
	('é😀Ω', 2147483647, 42, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL),
	(NULL, 0, NULL, NULL, NULL, '2024-03-01', '2024-03-01', '01:02:03', '"str"', 'a%b_c', 1, 2, '%');
CREATE TABLE o (id INT PRIMARY KEY, t_id INT, name VARCHAR(40), x INT);
INSERT INTO o VALUES (1, 1, 'spot', 10), (2, 1, 'b', 20), (3, 2, 'c', 30), (4, 9, 'd', NULL);
CREATE TABLE p (id INT PRIMARY KEY, o_id INT, x INT);
INSERT INTO p VALUES (1, 1, 10), (2, 3, 30), (7, 8, 9)`

// faithfulExpressions are run as SELECT … FROM t ORDER BY id, unless they end
// with a FROM of their own; faithfulQueries as they are.
var (
	faithfulExpressions = lines("testdata/expressions.sql")
	faithfulQueries     = lines("testdata/queries.sql")
)

func lines(file string) []string {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}

// run returns all that a statement gives, as text.
func run(ctx context.Context, conn *sql.Conn, query string) string {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return errorText(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return errorText(err)
	}
	var b strings.Builder
	values := make([]any, len(types))
	for i, t := range types {
		precision, scale, _ := t.DecimalSize()
		fmt.Fprintf(&b, "%s %s(%d,%d)\n", strings.TrimRight(t.Name(), " "), t.DatabaseTypeName(), precision, scale)
		values[i] = new(sql.RawBytes)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return errorText(err)
		}
		for _, v := range values {
			if raw := *v.(*sql.RawBytes); raw == nil {
				b.WriteString("NULL,")
			} else {
				fmt.Fprintf(&b, "%q,", raw)
			}
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		return b.String() + errorText(err)
	}
	return b.String()
}

// errorText is an error without its text, which quotes the statement.
func errorText(err error) string {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return fmt.Sprintf("error %d", e.Number)
	}
	return "error " + err.Error()
}

// healed are texts that TiDB refuses for its own sake, and does not refuse as
// they are restored.
var healed = []struct{ text, err string }{
	{"sql_calc_found_rows", "error 1235"}, // it only pretends to know that, and must be told to
	{"order by `id + 1`", "error 1054"},   // the name that it gives to the column itself
	{"interval (", "error 1582"},          // in date + INTERVAL (n) DAY, read as the function INTERVAL()
}

func isHealed(query, err string) bool {
	for _, h := range healed {
		if err == h.err && strings.Contains(query, h.text) {
			return true
		}
	}
	return false
}

// faithful compares a statement with its restored self, and returns what it
// gives.
func faithful(t *testing.T, conn *sql.Conn, query string) string {
	t.Helper()
	dialect, info := dialectOf(t, conn)
	st, err := dialect.Parse(query, nil, Limits{})
	if err != nil {
		t.Errorf("%s\nis refused: %v", query, err)
		return ""
	}
	text := checkRestored(t, query, st)
	if st.explain {
		text = "EXPLAIN " + text
	}
	want, got := run(t.Context(), conn, query), run(t.Context(), conn, text)
	if info.Vendor == server.TiDB && isHealed(query, want) && !strings.HasPrefix(got, "error") {
		return got
	}
	if same := sameRows(info, st.node); !same(got, want) {
		t.Errorf("%s\ngives\n%srestored %s\ngives\n%s", query, want, text, got)
	}
	return want
}

// sameRows returns how to compare two results of a query. TiDB computes in
// parallel, and what has no order comes in another one each time.
func sameRows(info server.Info, query ast.ResultSetNode) func(a, b string) bool {
	if info.Vendor == server.TiDB && !isOrdered(query) {
		return func(a, b string) bool { return sortedLines(a) == sortedLines(b) }
	}
	return func(a, b string) bool { return a == b }
}

func isOrdered(query ast.ResultSetNode) bool {
	switch n := query.(type) {
	case *ast.SelectStmt:
		return n.OrderBy != nil
	case *ast.SetOprStmt:
		return n.OrderBy != nil
	}
	return false
}

func sortedLines(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// session returns a connection on which time stands still.
func session(t *testing.T) *sql.Conn {
	t.Helper()
	addr := localtest.Servers(t, 1)[0]
	conn := connect(t, addr, strings.Split(faithfulTables, ";\n")...)
	localtest.Exec(t, conn,
		"SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION'",
		"SET timestamp = 1709210096.123456",
	)
	return conn
}

// connect returns the only connection to a database of the test's own.
func connect(t *testing.T, addr string, statements ...string) *sql.Conn {
	t.Helper()
	conn, err := localtest.Open(t, addr, localtest.Database(t, addr)).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	localtest.Exec(t, conn, statements...)
	return conn
}

func TestFaithful(t *testing.T) {
	conn := session(t)
	answered := 0
	for _, query := range slices.Concat(expressionQueries(), faithfulQueries) {
		if !strings.HasPrefix(faithful(t, conn, query), "error") {
			answered++
		}
	}
	if all := len(faithfulExpressions) + len(faithfulQueries); answered < all*8/10 {
		t.Errorf("only %d of %d queries gave an answer", answered, all)
	}
}

func expressionQueries() []string {
	var all []string
	for _, e := range faithfulExpressions {
		if !strings.Contains(e, " from t ") {
			e += "\nFROM t ORDER BY id"
		}
		all = append(all, "SELECT "+e)
	}
	return all
}

func keys[V any](list map[string]V) []string { return slices.Sorted(maps.Keys(list)) }

// rewritten are operators that MariaDB lacks, and what says the same there.
var rewritten = map[string]string{
	"select id, js->'$.a' x, js->>'$.s' y from t where js->'$.a' is not null order by id": "select id, json_extract(js, '$.a') x, json_unquote(json_extract(js, '$.s')) y from t where json_extract(js, '$.a') is not null order by id",
	"table o":                                              "select * from o",
	"table o order by id desc limit 1":                     "select * from o order by id desc limit 1",
	"select 1 union table o limit 0":                       "select 1 union select * from o limit 0",
	"select x from o where x in (table p)":                 "select x from o where x in (select * from p)",
	"select id from t fetch next row only":                 "select id from t limit 1",
	"select id from t order by id fetch first 2 rows only": "select id from t order by id limit 2",
	"select 'a' || 'b', 1 and 2 or 3":                      "select 'a' or 'b', 1 and 2 or 3",
}

func TestRewritten(t *testing.T) {
	conn := session(t)
	for query, same := range rewritten {
		st, err := Parse(query, nil, Limits{})
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		text := checkRestored(t, query, st)
		got, want := run(t.Context(), conn, text), run(t.Context(), conn, same)
		_, gotRows, _ := strings.Cut(got, "\n") // names differ with the text
		_, wantRows, _ := strings.Cut(want, "\n")
		if gotRows != wantRows && got != want {
			t.Errorf("%s\nrestored %s\ngives\n%swant\n%s", query, text, got, want)
		}
	}
}
