package guard

import (
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router/tree"
)

// kinds are the servers of testdata/functions.txt, and what VERSION() is like on
// each.
var kinds = []struct {
	name    string
	version *regexp.Regexp
	words   []string // that stand for it, besides its name
}{
	{"MySQL", regexp.MustCompile(`^[89]\.[^-]*(-\d+)?$`), []string{"mysql"}},
	{"MariaDB 10.11", regexp.MustCompile(`^10\..*MariaDB`), []string{"mariadb"}},
	{"MariaDB 11.8", regexp.MustCompile(`^11\..*MariaDB`), []string{"mariadb", "mariadb-11"}},
	{"TiDB", regexp.MustCompile(`TiDB`), []string{"tidb"}},
}

// sample is a call of a function, and the servers that have it.
type sample struct {
	call    string
	names   callsOf // of functions: its own, and those in its arguments
	servers []string
}

// isOn reports whether a kind of server has the function.
func (s *sample) isOn(kind int) bool {
	return slices.Contains(s.servers, "all") ||
		slices.ContainsFunc(kinds[kind].words, func(w string) bool { return slices.Contains(s.servers, w) })
}

// varies reports whether the call may give another value each time.
func (s *sample) varies() bool {
	return slices.ContainsFunc(s.names, func(name string) bool {
		f, ok := tree.Functions[name]
		return ok && f.Is(tree.Volatile)
	})
}

func samples(t *testing.T) (list []sample) {
	t.Helper()
	for _, line := range lines("testdata/functions.txt") {
		servers, call, _ := strings.Cut(line, ": ")
		s := sample{call: call, servers: strings.Fields(servers)}
		parsedCall(t, call).(*ast.SelectStmt).Fields.Fields[0].Expr.Accept(&s.names)
		if parsedCall(t, call).Accept(&s.names); len(s.names) == 0 {
			t.Fatalf("%s calls nothing", call)
		}
		list = append(list, s)
	}
	return list
}

func parsedCall(t *testing.T, call string) ast.ResultSetNode {
	t.Helper()
	st, err := Parse("SELECT "+call, nil, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	return st.node
}

// callsOf lists the functions that are called, the outermost first.
type callsOf []string

func (v *callsOf) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.FuncCallExpr:
		*v = append(*v, n.FnName.L)
	case *ast.AggregateFuncExpr:
		*v = append(*v, strings.ToLower(n.F))
	case *ast.WindowFuncExpr:
		*v = append(*v, strings.ToLower(n.Name))
	}
	return n, false
}

func (v *callsOf) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// TestEveryFunctionHasSample finds functions that testdata/functions.txt lacks.
func TestEveryFunctionHasSample(t *testing.T) {
	called := map[string]bool{}
	for _, s := range samples(t) {
		called[s.names[0]] = true
	}
	for _, list := range [][]string{keys(tree.Functions), keys(tree.Aggregates), keys(tree.Windows)} {
		for _, name := range list {
			if !called[name] {
				t.Errorf("%s() has no sample", name)
			}
		}
	}
}

// TestFunctionsOnServer calls every function on a server: if it is said to be
// there it gives what the client's own text gives, and an error if not.
func TestFunctionsOnServer(t *testing.T) {
	conn, kind := functionsServer(t)
	_, info := dialectOf(t, conn)
	tried := 0
	for _, s := range samples(t) {
		query := parsedCall(t, s.call)
		text, err := tree.Restore(query)
		if err != nil {
			t.Fatalf("%s: %v", s.call, err)
		}
		tried++
		if s.isOn(kind) && !s.varies() {
			if got, want := run(t.Context(), conn, text), run(t.Context(), conn, "SELECT "+s.call); !sameRows(info, query)(got, want) {
				t.Errorf("%s\ngives\n%srestored %s\ngives\n%s", s.call, want, text, got)
			}
		}
		switch err := runCall(t, conn, text); {
		case s.isOn(kind) && err != nil && !knows(err):
			t.Errorf("%s: %v", text, err)
		case !s.isOn(kind) && err == nil:
			t.Errorf("%s: %s has it", text, kinds[kind].name)
		case !s.isOn(kind) && !namesMissing(err, s.names):
			t.Errorf("%s: the error does not name the function: %v", text, err)
		}
	}
	if tried < len(tree.Functions) {
		t.Errorf("only %d of %d functions tried", tried, len(tree.Functions))
	}
}

func runCall(t *testing.T, conn *sql.Conn, text string) error {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// knows reports whether a server's error shows that it has the function:
// VEC_DISTANCE wants an index.
func knows(err error) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && e.Number == 4206
}

// namesMissing reports whether a server's error says which function it lacks.
func namesMissing(err error, names []string) bool {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	message := strings.ToLower(e.Message)
	return slices.ContainsFunc(names, func(name string) bool {
		// CONTAINS is a word of MySQL's stored procedures.
		return strings.Contains(message, shownWords(name)) || name == "contains" && e.Number == 1064
	})
}

// shownWords is a function's name in what is sent to a server.
func shownWords(name string) string {
	if name == ast.JSONMemberOf {
		return "of ("
	}
	return strings.ToLower(tree.Shown(ast.NewCIStr(name)))
}

// offers ask a server for the functions that it offers.
var offers = map[string]string{
	"MySQL": `SELECT t.name FROM mysql.help_topic t JOIN mysql.help_category c USING (help_category_id)
		WHERE c.name LIKE '%Function%' OR c.name IN ('GTID', 'XML', 'Geometry Constructors')`,
	"MariaDB 10.11": `SELECT FUNCTION FROM information_schema.SQL_FUNCTIONS UNION SELECT t.name FROM mysql.help_topic t
		JOIN mysql.help_category c USING (help_category_id) WHERE c.name LIKE '%Functions' AND c.name NOT LIKE 'User-Defined%'
			OR c.name IN ('WKT', 'WKB', 'Geometry Constructors', 'Geometry Relations', 'GeoJSON', 'Point Properties',
			'LineString Properties', 'Polygon Properties', 'Geometry Properties')`,
	"MariaDB 11.8": `SELECT FUNCTION FROM information_schema.SQL_FUNCTIONS`,
	"TiDB":         `SHOW BUILTINS`,
}

// spelled are names that servers list and that are in our tree by another name,
// or in nodes of another kind than calls.
var spelled = strings.Fields(`and binary between case cast char convert count default div exists format in insert
	interval is like match mod not or procedure regexp rlike std stddev variance values xor median percentile_cont
	percentile_disc json_table column_get member distance`)

// TestOffersOnServer looks for functions that a server lists and that are
// neither allowed nor refused.
func TestOffersOnServer(t *testing.T) {
	conn, kind := functionsServer(t)
	rows, err := conn.QueryContext(t.Context(), offers[kinds[kind].name])
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	listed := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		listed++
		if name = offered(name); !isSorted(name) {
			t.Errorf("%s offers %s, of which nothing is known", kinds[kind].name, name)
		}
	}
	if err := rows.Err(); err != nil || listed < 150 {
		t.Errorf("%d functions listed: %v", listed, err)
	}
}

// pages are words that begin the names of help pages on no function.
var pages = strings.Fields("aggregate columnstore create drop jsonpath microseconds parentheses sounds true type window wkt")

// offered is a function's name as help tables have it: "CHAR FUNCTION",
// "JSON_MERGE_PATCH()".
func offered(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), " ")
	return strings.TrimSuffix(name, "()")
}

var isFunctionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func isSorted(name string) bool {
	return !isFunctionName.MatchString(name) || has(tree.Functions, name) || has(tree.Aggregates, name) ||
		has(tree.Windows, name) || tree.Refusal(name) != "" || slices.Contains(spelled, name) || slices.Contains(pages, name)
}

// functionsServer returns a connection with a table to a server, and its kind.
func functionsServer(t *testing.T) (*sql.Conn, int) {
	t.Helper()
	conn := connect(t, localtest.Servers(t, 1)[0], "CREATE TABLE t (id INT, j JSON)", `INSERT INTO t VALUES (1, '{"a":1}'), (2, '[]')`)
	localtest.Exec(t, conn, "SET timestamp = 1709210096.123456")
	var version string
	if err := conn.QueryRowContext(t.Context(), "SELECT VERSION()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	for i := range kinds {
		if kinds[i].version.MatchString(version) {
			return conn, i
		}
	}
	t.Skipf("which functions %s has is not known", version)
	return nil, 0
}
