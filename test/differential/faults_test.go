package differential

import (
	"database/sql"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
)

// fault makes a service answer wrongly, as one with a certain mistake would.
type fault struct {
	name   string
	query  func(string) string // changes the query on its way in
	answer func(*answer)       // changes the answer on its way out
	// wrong and right are statements that change the service's data, as
	// shipping could, and change them back.
	wrong, right string
}

// replaced is a fault that replaces a pattern in queries.
func replaced(name, pattern, by string) fault {
	re := regexp.MustCompile(pattern)
	return fault{name: name, query: func(q string) string { return re.ReplaceAllString(q, by) }}
}

// faults are mistakes that a service over several shards could make.
var faults = []fault{
	{name: "the last row is lost", answer: func(a *answer) { a.rows = a.rows[:max(0, len(a.rows)-1)] }},
	{name: "the first row comes twice", answer: func(a *answer) {
		if len(a.rows) > 0 {
			a.rows = append(a.rows, a.rows[0])
		}
	}},
	{name: "two rows change places", answer: func(a *answer) {
		if n := len(a.rows); n > 1 {
			a.rows[0], a.rows[n-1] = a.rows[n-1], a.rows[0]
		}
	}},
	{name: "NULL becomes empty", answer: func(a *answer) {
		each(a, func(c *cell) {
			if c.null {
				*c = cell{}
			}
		})
	}},
	{name: "the last digit is lost", answer: func(a *answer) {
		each(a, func(c *cell) {
			if strings.Contains(c.exact, ".") && strings.Trim(c.exact, "-.0123456789") == "" {
				c.text, c.exact = c.text[:len(c.text)-1], c.exact[:len(c.exact)-1]
			}
		})
	}},
	{name: "an int is a decimal", answer: func(a *answer) {
		for i := range a.columns {
			if a.columns[i].kind == "int" {
				a.columns[i].kind = "decimal"
			}
		}
	}},
	{name: "names in lower case", answer: func(a *answer) {
		for i := range a.columns {
			a.columns[i].name = strings.ToLower(a.columns[i].name)
		}
	}},
	{name: "bools are ints", answer: func(a *answer) {
		for i := range a.columns {
			if a.columns[i].kind == "bool" {
				a.columns[i].kind = "int"
			}
		}
	}},
	{name: "a column in lower case", answer: func(a *answer) { each(a, func(c *cell) { c.text = strings.ToLower(c.text) }) }},
	replaced("LEFT JOIN as JOIN", ` LEFT JOIN `, " JOIN "),
	replaced("UNION as UNION ALL", ` UNION (DISTINCT )?([^A])`, " UNION ALL $2"),
	replaced("UNION ALL as UNION", ` UNION ALL `, " UNION "),
	replaced("DISTINCT forgotten", `SELECT DISTINCT`, "SELECT"),
	replaced("COUNT(DISTINCT x) as COUNT(x)", `COUNT\(DISTINCT ([^,()]*)\)`, "COUNT($1)"),
	replaced("<=> as =", `<=>`, "="),
	replaced("NOT IN as NOT EXISTS would", ` NOT IN \(SELECT`, " <> ANY (SELECT"),
	replaced("ALL as ANY", ` ALL \(SELECT`, " ANY (SELECT"),
	replaced("ORDER BY in one direction", ` DESC`, ""),
	replaced("OFFSET forgotten", ` OFFSET \d+`, ""),
	replaced("ROLLUP forgotten", ` WITH ROLLUP`, ""),
	replaced("LIMIT a row too long", `LIMIT 5`, "LIMIT 6"),
	replaced("HAVING forgotten", ` HAVING .*$`, ""),
	replaced("division kept in a column", `\b([\w.]+ / [\w.]+)`, "CAST($1 AS DECIMAL(30,4))"),
	{name: "a column's collation is lost",
		wrong: "ALTER TABLE words MODIFY v VARCHAR(40) COLLATE utf8mb4_bin",
		right: "ALTER TABLE words MODIFY v VARCHAR(40) CHARACTER SET utf8mb4"},
	{name: "trailing blanks are lost",
		wrong: "UPDATE words SET v = RTRIM(v)", right: "UPDATE words w, kept k SET w.v = k.v WHERE w.id = k.id"},
	{name: "a FLOAT becomes a DOUBLE",
		wrong: "ALTER TABLE nums MODIFY f DOUBLE", right: "ALTER TABLE nums MODIFY f FLOAT"},
	{name: "digits of a DECIMAL are lost",
		wrong: "UPDATE nums SET d6 = ROUND(d6, 3)", right: "UPDATE nums n, kept_nums k SET n.d6 = k.d6 WHERE n.id = k.id"},
	{name: "a zero date becomes NULL",
		wrong: "ALTER TABLE times MODIFY dn DATE; UPDATE times SET dn = NULL WHERE dn = '0000-00-00'",
		right: "UPDATE times SET dn = '0000-00-00' WHERE dn IS NULL; ALTER TABLE times MODIFY dn DATE NOT NULL"},
}

func each(a *answer, f func(*cell)) {
	for _, row := range a.rows {
		for i := range row {
			f(&row[i])
		}
	}
}

// TestFaultsAreSeen makes the service wrong in many ways, and demands that
// generated queries, or else those of the list, find each of them.
func TestFaultsAreSeen(t *testing.T) {
	localtest.NeedGathers(t)
	s := scatter(t, 1, 1, 1)
	db := openDatabase(t, localtest.Servers(t, 1)[0], s.shards)
	execute(t, db, "CREATE TABLE kept AS SELECT id, v FROM words", "CREATE TABLE kept_nums AS SELECT id, d6 FROM nums")
	all := readList(t)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			change(t, db, f.wrong)
			s.service.fault = f
			defer func() { s.service.fault = fault{}; change(t, db, f.right) }()
			if !s.seenByGenerated() && !s.seenByList(all) {
				t.Errorf("nobody notices")
			}
		})
	}
	if s.seenByGenerated() {
		t.Errorf("after all faults there are wrong answers")
	}
}

func change(t *testing.T, db *sql.DB, statements string) {
	t.Helper()
	execute(t, db, strings.Split(statements, "; ")...)
}

// seenByList reports whether a query of the list comes out wrong.
func (s *scattering) seenByList(all []listed) bool {
	var seen atomic.Bool
	inParallel(len(all), time.Time{}, func(i int) {
		if l := &all[i]; !seen.Load() && !l.never && !l.fails && s.judge(l.query, &l.rules).class == wrong {
			seen.Store(true)
		}
	})
	return seen.Load()
}

// seenByGenerated reports whether a generated query comes out wrong.
func (s *scattering) seenByGenerated() bool {
	var seen atomic.Bool
	inParallel(150, time.Time{}, func(i int) {
		if !seen.Load() && s.judgeGenerated(generated{tree: newGenerator(99, uint64(i)).generate()}).class == wrong {
			seen.Store(true)
		}
	})
	return seen.Load()
}
