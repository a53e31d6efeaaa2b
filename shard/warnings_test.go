package shard

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// ended is a packet that ends rows and counts that many warnings.
func ended(agreed capabilities, warnings byte) string {
	if agreed&deprecateEOF == 0 {
		return "\xfe" + string(rune(warnings)) + "\x00\x02\x00"
	}
	return "\xfe\x00\x00\x02\x00" + string(rune(warnings)) + "\x00"
}

// shown is a row of SHOW WARNINGS.
func shown(level, number, message string) string {
	return string(rune(len(level))) + level + string(rune(len(number))) + number + string(rune(len(message))) + message
}

func TestWarningsFromPackets(t *testing.T) {
	division := shown("Warning", "1365", "Division by 0")
	for _, tt := range []struct {
		name, statement string
		count           byte
		shown           []string
		want            string // the warnings, or the error
	}{
		{"none", "SELECT 1", 0, nil, "[]"},
		{"one", "SELECT 1/0", 1, []string{division}, "[{Warning 1365 Division by 0}]"},
		{"a name of ours", "SELECT 1", 1, []string{shown("Note", "1", "Truncated 'x' of `d`.`t`.`databalancer_1` and d.databalancer_raw_2")},
			"[{Note 1 Truncated 'x' of `t`.… and …}]"},
		{"the statement itself", "EXPLAIN", 1, []string{shown("Note", "1003", "select 1")}, "[]"},
		{"a cut", "SELECT 1", 2, []string{division, shown("Warning", "1260", "Row 3 was cut by GROUP_CONCAT()")},
			"a limit of the server would cut the answer: Row 3 was cut by GROUP_CONCAT()"},
		{"steps", "SELECT 1", 1, []string{shown("Warning", "1931", "exceeded max_recursive_iterations = 10")},
			"a limit of the server would cut the answer: exceeded max_recursive_iterations = 10"},
		{"rows that the statement itself bounds", "SELECT 1", 1, []string{shown("Warning", "1931", "exceeds LIMIT ROWS EXAMINED (2)")},
			"[{Warning 1931 exceeds LIMIT ROWS EXAMINED (2)}]"},
		{"not all kept", "SELECT a = 0 FROM t", 9, []string{division}, "[{Warning 1365 Division by 0}]"},
		{"not all kept, and it matters", "SELECT GROUP_CONCAT(a) FROM t WHERE a = 0", 9, []string{division},
			"a limit of the server would cut the answer: of 9 warnings it has kept 1, which leaves open whether a text was cut"},
		{"not a number", "SELECT 1", 1, []string{shown("Warning", "x", "y")}, `number of a warning: strconv.ParseUint: parsing "x": invalid syntax`},
	} {
		for _, agreed := range []capabilities{0, deprecateEOF} {
			var eof []string
			if agreed == 0 {
				eof = []string{ended(agreed, 7)} // behind the definitions: of no statement
			}
			rows := append(append([]string{"\x01", field("a")}, eof...), "\x01x", ended(agreed, tt.count))
			list := append(append([]string{"\x03", field("Level"), field("Code"), field("Message")}, eof...), tt.shown...)
			c := answered(io.MultiReader(strings.NewReader(packets(rows...)), strings.NewReader(packets(append(list, ended(agreed, 0))...))), agreed)
			c.shard.cfg.Database = "d"
			got, err := warningsOf(t, c, tt.statement)
			text := strings.TrimPrefix(fmt.Sprint(got), "<nil>")
			if err != nil {
				text = strings.TrimPrefix(err.Error(), "shard fake: ")
			}
			if text != tt.want {
				t.Errorf("%s: got %s, want %s", tt.name, text, tt.want)
			}
			if cut := new(CutError); errors.As(err, &cut) && (fault.CodeOf(err) != fault.AnswerCut || cut.Shard != "fake") {
				t.Errorf("%s: %+v", tt.name, cut)
			}
			asked := strings.Contains(c.session.socket.Conn.(*replies).sent.String(), "/* tag */ SHOW WARNINGS")
			if asked != (tt.count > 0) || c.broken {
				t.Errorf("%s: asked for warnings: %t; broken: %t", tt.name, asked, c.broken)
			}
		}
	}
}

// warningsOf runs a statement to its end.
func warningsOf(t *testing.T, c *Conn, statement string) ([]Warning, error) {
	t.Helper()
	rows, err := c.Query(t.Context(), statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
	}
	if rows.Err() != nil {
		return nil, rows.Err()
	}
	return rows.Warnings(t.Context(), "/* tag */")
}

// Of the warnings that servers give, those that tell of a cut are found.
func TestWarningsOnServer(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	exec(t, f.shard(t, "s0"), "CREATE TABLE x (a TEXT)", "INSERT INTO x SELECT REPEAT('x', 1000) FROM "+localtest.Numbers(1, 1100)+" AS s")
	t.Logf("%s ends rows with OK packets: %t", c.Server(), c.session.socket.agreed&deprecateEOF != 0)
	const steps = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT COUNT(*) FROM n"
	for statement, want := range map[string]uint16{ // of the first warning; 0: none
		"SELECT 1": 0,
		steps:      0,
		"SELECT SUM(LENGTH(a)), GROUP_CONCAT(LEFT(a, 900)) FROM x": 0,
		"SELECT CAST('1x' AS SIGNED)":                              1292,
		"SELECT LEFT(a, 5) + 0 AS n FROM x LIMIT 3":                1292,
		"SELECT a FROM x WHERE CONCAT(a, 1) = 0":                   1292,
	} {
		got, err := warningsOf(t, c, statement)
		if err != nil || len(got) > maxWarnings || want == 0 && len(got) > 0 || want != 0 && (len(got) == 0 || got[0].Number != want || got[0].Message == "" || got[0].Level != "Warning") {
			t.Errorf("%s: got %v, %v; want %d", statement, got, err, want)
		}
	}
	cuts := map[string]uint16{
		"SELECT GROUP_CONCAT(a) FROM x":                                                         groupConcatCut,
		"SELECT LENGTH(v) FROM (SELECT GROUP_CONCAT(a) AS v FROM x) AS d":                       groupConcatCut,
		"SELECT REPEAT('a', 1100000000) IS NULL":                                                1301,
		"SELECT 1 FROM x WHERE a = 0 AND LENGTH(REPEAT(a, 1100000)) > 0":                        1301,
		"SELECT GROUP_CONCAT(a, x.a + 0) FROM x":                                                groupConcatCut,
		"SELECT a + 0, (SELECT GROUP_CONCAT(CONCAT(y.a, x.a = '')) FROM x AS y) FROM x LIMIT 1": groupConcatCut,
	}
	if !c.Server().ReadOnlySessions() {
		delete(cuts, "SELECT 1 FROM x WHERE a = 0 AND LENGTH(REPEAT(a, 1100000)) > 0") // TiDB looks at a = 0 alone
	}
	if f.vendor(t) == server.MariaDB {
		cuts["SELECT JSON_ARRAYAGG(a) FROM x"] = groupConcatCut
	}
	for statement, want := range cuts {
		var cut *CutError
		if got, err := warningsOf(t, c, statement); !errors.As(err, &cut) || cut.Number != want {
			t.Errorf("%s: got %v, %v; want the cut %d", statement, got, err, want)
		}
	}
	depth, _, _ := strings.Cut(c.Server().RecursionLimit(), " =")
	if _, err := c.Exec(t.Context(), "SET SESSION "+depth+" = 100"); err != nil {
		t.Fatal(err)
	}
	_, err := warningsOf(t, c, steps)
	var cut *CutError
	if !errors.As(err, &cut) && !server.ClassOf(err).Has(server.Cut) {
		t.Errorf("steps beyond the limit: got %v", err)
	}
	c.Discard()
}

const groupConcatCut = 1260 // of a GROUP_CONCAT

// A cut behind more warnings than the server keeps is one all the same.
func TestWarningsNotKept(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	list := "(SELECT CONCAT('x', seq) AS a FROM " + localtest.Numbers(1, 70_000) + " AS s) AS d"
	got, err := warningsOf(t, c, "SELECT COUNT(a + 0) FROM "+list)
	if err != nil || len(got) != maxWarnings {
		t.Errorf("got %d warnings, %v", len(got), err)
	}
	if got, err := warningsOf(t, c, "SELECT LENGTH(GROUP_CONCAT(REPEAT(a, 20))), SUM(a + 0) FROM "+list); fault.CodeOf(err) != fault.AnswerCut {
		t.Errorf("a cut behind others: got %d warnings, %v", len(got), err)
	}
}

// The variables that are set are those that the servers have.
func TestRecursionIsNotLimited(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	depth, value, _ := strings.Cut(c.Server().RecursionLimit(), " = ")
	if got := texts(t, c, "SELECT @@"+depth)[0][0]; got != value {
		t.Errorf("%s is %s, want %s", depth, got, value)
	}
}

var _ fault.Fault = (*CutError)(nil)
