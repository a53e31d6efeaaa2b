package router

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// The tables of the tests on servers. Their values tell the column's type:
// whole numbers are above 10, booleans are 0, 1 or NULL, texts begin with t,
// JSON with a brace. Those of split are on both shards.
const schema = `
CREATE TABLE dog (id BIGINT PRIMARY KEY, name LONGTEXT, flag BOOLEAN, tags JSON, weight BIGINT);
CREATE TABLE Cat (id BIGINT PRIMARY KEY, name LONGTEXT, flag BOOLEAN, owner BIGINT);
CREATE TABLE bird (id BIGINT PRIMARY KEY, name LONGTEXT, flag BOOLEAN, doc JSON);
CREATE TABLE fish (id BIGINT PRIMARY KEY, name LONGTEXT);
CREATE TABLE people (id BIGINT PRIMARY KEY, name LONGTEXT, vip BOOLEAN);
CREATE TABLE raw_logs (id BIGINT PRIMARY KEY, family LONGTEXT, log JSON);
CREATE TABLE split (id BIGINT PRIMARY KEY, flag BOOLEAN, ` + "`#1`" + ` JSON, doc JSON)`

const dogsAndCats = `
INSERT INTO dog VALUES (11, 't_a', 1, '{"k":1}', 20), (12, 't_b', 0, '{"k":2}', 30), (13, 't_A', NULL, NULL, 40), (14, NULL, 1, '{"k":4}', NULL), (15, 't_b2', 0, '{}', 90), (16, 't_a', 1, '{"k":6}', 13);
INSERT INTO Cat VALUES (11, 't_a', 1, 12), (12, 't_c', 0, 11), (13, 't_A', 1, 12), (17, NULL, NULL, NULL), (18, 't_b', 0, 15);
INSERT INTO bird VALUES (11, 't_a', 1, '{"k":1}'), (12, 't_x', 1, NULL), (18, 't_b', NULL, '{"b":2}'), (19, 't_y', 0, '{"c":[1]}');
INSERT INTO fish VALUES (11, 't_a'), (12, 't_f'), (19, 't_y');
INSERT INTO people VALUES (11, 't_a', 1), (12, 't_p', 0), (13, 't_A', NULL)`

const rawOnA = `
INSERT INTO raw_logs VALUES (11, 't_dog', '{"a":1}'), (12, 't_cat', '{"b":2}'), (13, 't_dog', '{}');
INSERT INTO split VALUES (11, 1, '{}', '{"x":1}'), (12, 0, '{}', NULL)`

const rawOnB = `
INSERT INTO raw_logs VALUES (21, 't_bird', '{"a":1}'), (22, 't_dog', '{"c":[2]}');
INSERT INTO split VALUES (21, NULL, '{}', '{"y":1}'), (22, 1, '{}', '{"z":2}')`

// tables is the catalog of the schema, with %a and %b for the two shards.
const tables = `
dog on %a: id int, name text, flag bool, tags json, weight int
Cat on %a: id int, name text, flag bool, owner int
bird on %b: id int, name text, flag bool, doc json
fish on %b: id int, name text
people on %a: id int, name text, vip bool
split on %s: id int, flag bool, doc json/1`

// shard is a database that stands for one shard, with a connection of its own.
type shard struct {
	database string
	db       *sql.DB
	server   server.Info
}

// lacking are parts of queries that a server does not answer as MariaDB does,
// with the number of its error.
var lacking = []struct {
	vendor server.Vendor
	text   string
	number uint16
	why    string
}{
	{server.MySQL, "from ((select 11 id) x)", 1064, "MySQL takes no derived table in parentheses"},
	{server.MySQL, "with recursive up", 3636, "a recursion that does not end is an error, not a warning"},
	{server.TiDB, "with recursive up", 3636, "a recursion that does not end is an error, not a warning"},
}

func newShard(t testing.TB, statements ...string) *shard {
	t.Helper()
	addr := localtest.Servers(t, 1)[0]
	name := localtest.Database(t, addr)
	db := localtest.Open(t, addr, name)
	db.SetMaxOpenConns(1)
	s := &shard{database: name, db: db, server: server.Parse(localtest.Rows(t, db, "SELECT VERSION()")[0][0])}
	s.execute(t, statements...)
	return s
}

func (s *shard) execute(t testing.TB, scripts ...string) {
	t.Helper()
	for _, script := range scripts {
		localtest.Exec(t, s.db, strings.Split(script, ";\n")...)
	}
}

// reply is what a server returned: NULL is "NULL", other values are quoted.
type reply struct {
	columns []string
	types   []string
	rows    [][]string
}

func (s *shard) query(text string) (*reply, error) {
	rows, err := s.db.Query(text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	res := &reply{}
	if res.columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	for _, typ := range types {
		res.types = append(res.types, typ.DatabaseTypeName())
	}
	values := make([]sql.NullString, len(res.columns))
	targets := make([]any, len(values))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			if row[i] = "NULL"; v.Valid {
				row[i] = fmt.Sprintf("%q", v.String)
			}
		}
		res.rows = append(res.rows, row)
	}
	return res, rows.Err()
}

// must runs a text that has to succeed.
func (s *shard) must(t *testing.T, text string) *reply {
	t.Helper()
	res, err := s.query(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return res
}

// original runs a client's own text, and skips the test if that is known to be
// none for the server.
func (s *shard) original(t *testing.T, text string) *reply {
	t.Helper()
	res, err := s.query(text)
	for _, l := range lacking {
		if err != nil && l.vendor == s.server.Vendor && l.number == server.Number(err) && strings.Contains(text, l.text) {
			t.Skipf("SKIPPED: %s: %s", l.why, text)
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return res
}

// dialect is that of the shard's server.
func (s *shard) dialect() Dialect {
	return Dialect{TruthAsWritten: s.server.NamesTruthAsWritten(), FirstString: s.server.NamesFirstString(), CommentsName: s.server.NamesWithComments(), DoubleNot: s.server.JoinsNots(), RowValues: s.server.RowValues(), LacksValues: s.server.LacksValues(), ExactWiths: s.server.ExactWiths(), KeepsBlanks: s.server.KeepsBlanks(), ListsColumns: s.server.ListsColumns(), NoTies: !s.server.EndsWithTies(), NoExamined: !s.server.LimitsExamined(), RoundsQuotients: s.server.RoundsQuotients()}
}

func (r *reply) sorted() string {
	lines := make([]string, len(r.rows))
	for i, row := range r.rows {
		lines[i] = strings.Join(row, " ")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// shapes are what the values of a column of each type look like; see schema.
var shapes = map[catalog.Type]*regexp.Regexp{
	catalog.Int:  regexp.MustCompile(`^"[1-9][0-9]+"$`),
	catalog.Bool: regexp.MustCompile(`^"[01]"$`),
	catalog.Text: regexp.MustCompile(`^"t`),
	catalog.JSON: regexp.MustCompile(`^"\{`),
}

// checkColumns compares the expected columns with a result.
func checkColumns(t *testing.T, columns []Column, res *reply) {
	t.Helper()
	if columns == nil {
		t.Error("columns are not known")
		return
	}
	if len(columns) != len(res.columns) {
		t.Fatalf("%d columns expected, the server returned %q", len(columns), res.columns)
	}
	for i, c := range columns {
		if c.Name != res.columns[i] {
			t.Errorf("column %d is expected to be named %q, the server says %q", i, c.Name, res.columns[i])
		}
		if shape := shapes[c.Type]; c.Type != "" {
			checkShape(t, c, shape, res, i)
		}
	}
}

func checkShape(t *testing.T, c Column, shape *regexp.Regexp, res *reply, i int) {
	t.Helper()
	if shape == nil {
		t.Fatalf("column %s has type %s, which no table has", c.Name, c.Type)
	}
	if c.Type == catalog.Bool && res.types[i] != "TINYINT" {
		t.Errorf("column %s is expected to be bool, the server says %s", c.Name, res.types[i])
	}
	for _, row := range res.rows {
		if row[i] != "NULL" && !shape.MatchString(row[i]) {
			t.Errorf("column %s is expected to be %s, but has the value %s", c.Name, c.Type, row[i])
		}
	}
}

// queries calls f with every query of a file.
func queries(t *testing.T, file string, f func(t *testing.T, query string)) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	n := 0
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if query := lines.Text(); query != "" && query[0] != '#' {
			n++
			t.Run("", func(t *testing.T) { f(t, query) })
		}
	}
	if n == 0 {
		t.Fatal("no queries in ", file)
	}
}

func snapshot(t testing.TB, text string) *catalog.Snapshot {
	t.Helper()
	shards := "shards a b"
	if !strings.Contains(text, "%b") {
		shards = "shards a"
	}
	return catalogtest.Parse(t, shards+strings.NewReplacer("%a", "a", "%b", "b", "%s", "a b").Replace(text))
}

// sameShard puts all tables of a catalog on shard a.
func sameShard(text string) string {
	return strings.NewReplacer("%b", "%a", "%s", "%a").Replace(text)
}
