package test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// mariaDBOnly are the statements of the MariaDB dialect that TiDB's has
// another form of, which the packages' own tests parse.
var mariaDBOnly = []*regexp.Regexp{
	regexp.MustCompile(`\bINVISIBLE\b`),       // TiDB has no hidden columns
	regexp.MustCompile(`^KILL QUERY ID \d+$`), // TiDB kills connections' statements
}

// TestStatementsParseOnTiDB lets the program do all that it does, and parses
// every statement that arrived at the server with TiDB's own parser.
func TestStatementsParseOnTiDB(t *testing.T) {
	log, socket := logged(t)
	s := harness.Start(t, "-mysql_address", socket, "-size_interval", "100ms")
	everything(t, s, socket)

	statements := loggedStatements(read(t, log))
	p := parser.New()
	parsed := 0
	for _, statement := range statements {
		if _, _, err := p.ParseSQL(statement); err == nil {
			parsed++
		} else if !matchesAny(mariaDBOnly, statement) {
			t.Errorf("TiDB does not parse: %v\n%s", err, statement)
		}
	}
	if parsed < 100 {
		t.Errorf("only %d of %d statements were parsed: the log was not read", parsed, len(statements))
	}
	t.Logf("%d statements", parsed)
}

// everything makes the program send each of its kinds of statement.
func everything(t *testing.T, s *harness.Server, socket string) {
	t.Helper()
	s.Put("f", map[string]string{"s": "string", "i": "int", "f": "float", "b": "bool", "t": "timestamp", "j": "json"},
		[]any{map[string]any{"s": "x", "i": 1, "f": 1.5, "b": true, "t": "2024-01-02T03:04:05Z", "j": []int{1}}})
	s.Put("f", map[string]string{"more": "string"}, []any{map[string]any{"more": "x"}})
	wide := map[string]string{}
	for i := range 300 {
		wide[fmt.Sprintf("field%d", i)] = "string"
	}
	s.Put("wide", wide, []any{map[string]string{"field0": "x", "field299": "y"}})
	s.Rows("SELECT * FROM wide NATURAL JOIN f")
	s.Rows("SELECT s, COUNT(*) FROM f WHERE i = ? GROUP BY s WITH ROLLUP", 1)
	s.Expect(200, "POST", "/api/query", `{"query":"EXPLAIN SELECT * FROM f"}`)

	localtest.Exec(t, localtest.Open(t, socket, "databalancer"), "CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(50))")
	shard := shards(s).Shards[0].Name
	s.Expect(200, "PUT", "/api/tables/countries", map[string]string{"shard": shard})
	s.Rows("SELECT * FROM countries")
	s.Request("DELETE", "/api/tables/countries", nil)
	s.Request("GET", "/api/families/f", nil)
	s.Expect(404, "DELETE", "/api/query/0123456789abcdef0123456789abcdef", nil)
	s.Expect(200, "PATCH", "/api/shards/"+shard, `{"state":"readonly"}`)
	s.Request("DELETE", "/api/families/wide", nil)
	s.Request("POST", "/api/query", `{"query":"SELECT COUNT(*) FROM f a, f b, f c WHERE a.i <> b.i","timeout":"1ms"}`)
	time.Sleep(300 * time.Millisecond) // the sizes are measured
}

func matchesAny(patterns []*regexp.Regexp, text string) bool {
	for _, p := range patterns {
		if p.MatchString(text) {
			return true
		}
	}
	return false
}

var logLine = regexp.MustCompile(`^(?:\d{6}\s+[\d:]+|\d{4}-\S+Z)?\s+\d+ (Connect|Query|Prepare|Execute|Quit|Init DB|Close stmt|Reset stmt|Statistics|Ping)\t?(.*)`)

// loggedStatements reads the statements from a general log. Statements that
// the server started with, and those that were prepared, come as they were
// sent.
func loggedStatements(log string) []string {
	var statements []string
	open := false
	for line := range strings.SplitSeq(log, "\n") {
		m := logLine.FindStringSubmatch(line)
		switch {
		case m == nil && open:
			statements[len(statements)-1] += "\n" + line
		case m != nil:
			open = m[1] == "Query" || m[1] == "Prepare"
			if open {
				statements = append(statements, m[2])
			}
		}
	}
	return statements
}
