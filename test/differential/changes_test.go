package differential

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// comparedTypes are the types that are compared over shards, with values that
// are equal to some of other types, or nearly so.
var comparedTypes = []struct{ declared, values string }{
	{"TINYINT", "(1, -1), (2, 0), (3, 1), (4, 127)"},
	{"INT", "(1, -1), (2, 0), (3, 20240102), (4, 30405)"},
	{"BIGINT UNSIGNED", "(1, 18446744073709551615), (2, 0), (3, 9007199254740993), (4, 20240102030405)"},
	{"FLOAT", "(1, 0.1), (2, 16777217), (3, -1), (4, 1e30)"},
	{"DOUBLE", "(1, 0.1), (2, 9007199254740992), (3, -1), (4, 18446744073709551615)"},
	{"DECIMAL(30,10)", "(1, 0.1), (2, 9007199254740993), (3, -1), (4, 30405.5)"},
	{"BIT(20)", "(1, 0), (2, 1), (3, 97), (4, 24930)"},
	{"YEAR", "(1, 1999), (2, 2024), (3, 0), (4, 2000)"},
	{"DATE", "(1, '2024-01-02'), (2, '1999-12-31'), (3, '2000-01-01')"},
	{"TIME(6)", "(1, '03:04:05'), (2, '-00:00:01'), (3, '00:00:00.000001'), (4, '00:00:00')"},
	{"DATETIME(6)", "(1, '2024-01-02 03:04:05'), (2, '2024-01-02'), (3, '1999-12-31 23:59:59.999999')"},
	{"TIMESTAMP NULL", "(1, '2024-01-02 03:04:05'), (2, '2024-01-02'), (3, '2000-01-01')"},
	{"ENUM('a', '1', 'B', '2024-01-02')", "(1, 'a'), (2, '1'), (3, 'B'), (4, '2024-01-02')"},
	{"SET('a', '1', 'B')", "(1, 'a'), (2, '1'), (3, 'a,1'), (4, '')"},
	{"CHAR(30) CHARACTER SET latin1", "(1, 'a'), (2, 'B '), (3, '1'), (4, 'é')"},
	{"VARCHAR(30) COLLATE utf8mb4_unicode_ci", "(1, 'A'), (2, '0.1'), (3, 'straße'), (4, '2024-01-02')"},
	{"VARCHAR(30) COLLATE utf8mb4_bin", "(1, 'a'), (2, 'a '), (3, '03:04:05'), (4, '1e0')"},
	{"VARCHAR(30) CHARACTER SET utf16 COLLATE utf16_general_ci", "(1, 'STRASSE'), (2, ''), (3, 'É'), (4, '2024')"},
	{"LONGTEXT", "(1, 'a'), (2, '9007199254740993'), (3, '{}'), (4, '-1')"},
	{"BINARY(2)", "(1, 'a'), (2, '1'), (3, 0xC3A9), (4, '')"},
	{"BLOB", "(1, 'a'), (2, 'B'), (3, '03:04:05'), (4, 0xE9)"},
	{"JSON", `(1, '1'), (2, '"a"'), (3, '{}'), (4, '0.1')`},
}

// comparisons are queries over l on one shard and r on another.
var comparisons = []string{
	"SELECT l.n, r.n AS m FROM l JOIN r ON l.v = r.v",
	"SELECT l.n, r.n AS m FROM l JOIN r ON l.v < r.v",
	"SELECT n FROM l WHERE v IN (SELECT v FROM r)",
	"SELECT l.n, r.n AS m FROM l JOIN r USING (v)",
	"SELECT n FROM l NATURAL JOIN r",
}

// TestChangedTypes changes a registered table to each type behind the back of
// two processes, beside a table of each type, then registers it anew at one of
// them. Each answer is that of one server that has both tables, or a refusal.
func TestChangedTypes(t *testing.T) {
	localtest.NeedGathers(t)
	if testing.Short() {
		t.Skip("SKIPPED: asks some thousand queries")
	}
	flags, addresses, database := harness.OnShards(t, 2)
	c := &changes{processes: harness.StartTogether(t, 2, flags...), at: map[string]*sql.DB{
		"l": localtest.Open(t, addresses[0], database, "sql_mode=''"), "r": localtest.Open(t, addresses[1], database, "sql_mode=''"),
	}}
	c.whole = localtest.Open(t, addresses[0], localtest.Database(t, addresses[0]), "sql_mode=''")
	for right := range comparedTypes {
		c.change(t, "r", right)
		if right > 0 {
			c.compare(t, comparedTypes[right].declared+" on the right, unregistered", comparisons[:1])
		}
		c.register("r", 1)
		t.Logf("%s: so far %d answers and %d errors alike, refused: %v", comparedTypes[right].declared, c.alike, c.failed, c.refused)
		for left := range comparedTypes {
			c.change(t, "l", left)
			if left == 0 && right == 0 {
				c.register("l", 0)
			}
			name := comparedTypes[left].declared + " " + comparedTypes[right].declared
			c.compare(t, name+", unregistered", comparisons[:1])
			c.register("l", 0)
			c.compare(t, name, comparisons)
		}
	}
	c.enough(t)
}

// enough fails the test if not much could be compared.
func (c *changes) enough(t *testing.T) {
	t.Helper()
	t.Logf("%d answers alike, %d errors alike, refused: %v", c.alike, c.failed, c.refused)
	if c.alike < 10*len(comparedTypes) {
		t.Errorf("only %d answers could be compared", c.alike)
	}
}

type changes struct {
	processes     []*harness.Server
	at            map[string]*sql.DB // by table
	whole         *sql.DB            // has both
	alike, failed int
	refused       map[string]int // by code
}

// change makes a table anew with a column of another type.
func (c *changes) change(t *testing.T, table string, to int) {
	t.Helper()
	typ := comparedTypes[to]
	for _, db := range []*sql.DB{c.at[table], c.whole} {
		localtest.Exec(t, db, "DROP TABLE IF EXISTS "+table,
			fmt.Sprintf(ofType, table, typ.declared),
			"INSERT INTO "+table+" VALUES "+typ.values+", (9, NULL)")
	}
}

// ofType makes a table with a column of a type.
const ofType = "CREATE TABLE %s (n INT NOT NULL, v %s) CHARACTER SET utf8mb4"

// register tells the first process of a table; the second one has yet to hear of it.
func (c *changes) register(table string, shard int) {
	c.processes[0].Expect(200, "PUT", "/api/tables/"+table, map[string]string{"shard": harness.ShardName(shard)})
}

func (c *changes) compare(t *testing.T, what string, queries []string) {
	t.Helper()
	for _, query := range queries {
		want, wrong := c.one(t, query)
		for i, process := range c.processes {
			res := process.Request("POST", "/api/query", queryBody{Query: query, Shape: "arrays"})
			err := res.Failure()
			var p *harness.Problem
			switch {
			case err == nil && wrong == nil:
				got := sortedRows(harness.Decode[harness.Answer](t, res.Body))
				if c.alike++; got != want {
					t.Errorf("%s: %s: process %d answers %s, one server %s", what, query, i+1, got, want)
				}
			case err == nil:
				t.Errorf("%s: %s: process %d answers what one server does not: %v", what, query, i+1, wrong)
			case !errors.As(err, &p) || res.Status >= 500:
				t.Errorf("%s: %s: process %d: %v", what, query, i+1, err)
			case wrong != nil:
				c.failed++
			default:
				if c.refused == nil {
					c.refused = make(map[string]int)
				}
				c.refused[p.Code]++
			}
		}
	}
}

// one is the answer of the one server.
func (c *changes) one(t *testing.T, query string) (string, error) {
	t.Helper()
	rows, err := c.whole.Query(query)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	values, targets := make([]string, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.Join(values, "-"))
	}
	slices.Sort(list)
	return strings.Join(list, " "), rows.Err()
}

// sortedRows is an answer of whole numbers as one has it.
func sortedRows(a harness.Answer) string {
	list := make([]string, len(a.Rows))
	for i, row := range a.Rows {
		texts := make([]string, len(row))
		for j, v := range row {
			texts[j] = fmt.Sprint(v)
		}
		list[i] = strings.Join(texts, "-")
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
