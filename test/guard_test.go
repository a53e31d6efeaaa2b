package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/test/harness"
)

// attacks must not reach a server: each is refused, with the status and the
// code given, or (status 200) answered harmlessly.
var attacks = []struct {
	sql    string
	status int
	code   string
}{
	// What a naive parse, check and restore lets through.
	{`SELECT '\\', ', sleep(1)-- '`, 200, ""},
	{"SELECT `sleep(1) or abs`(1)", 403, "forbidden_function"},
	{"SELECT `sleep`(1)", 403, "forbidden_function"},
	{"SELECT \u017fleep(1)", 403, "forbidden_function"},
	{"SELECT BENCHMAR\u212a(1000000000, MD5('a'))", 403, "forbidden_function"},
	{`SELECT /*+ SET_VAR(a='*\/ sleep(1), /*') */ 1`, 200, ""},
	{`SELECT /*! sleep(1) */`, 0, ""},
	{`SELECT 1 /*!99999 , sleep(1) */`, 0, ""},
	{`SELECT 1 /*M! , sleep(1) */`, 0, ""},
	{`SELECT 1 /*T! , sleep(1) */`, 0, ""},
	{"SELECT test.sleep(1)", 403, "forbidden_function"},
	// Functions.
	{"SELECT SLEEP(1)", 403, "forbidden_function"},
	{"SELECT BENCHMARK(1000000000, MD5('a'))", 403, "forbidden_function"},
	{"SELECT GET_LOCK('a', 1)", 403, "forbidden_function"},
	{"SELECT LOAD_FILE('/etc/passwd')", 403, "forbidden_function"},
	{"SELECT MASTER_POS_WAIT('a', 1)", 403, "forbidden_function"},
	{"SELECT EXTRACTVALUE(1, CONCAT('~', VERSION()))", 403, "forbidden_function"},
	{"SELECT UPDATEXML(1, CONCAT('~', USER()), 1)", 403, "forbidden_function"},
	{"SELECT VERSION()", 403, "forbidden_function"},
	{"SELECT CURRENT_USER()", 403, "forbidden_function"},
	{"SELECT CONNECTION_ID()", 403, "forbidden_function"},
	{"SELECT LAST_INSERT_ID(7)", 403, "forbidden_function"},
	{"SELECT NEXTVAL(s)", 0, ""},
	{"SELECT n FROM f ORDER BY SLEEP(1)", 403, "forbidden_function"},
	{"SELECT n FROM f LIMIT 1 PROCEDURE ANALYSE()", 0, ""},
	{"SELECT n FROM f GROUP BY n HAVING SLEEP(1)", 403, "forbidden_function"},
	{"WITH x AS (SELECT SLEEP(1) AS s) SELECT * FROM x", 403, "forbidden_function"},
	// Statements and clauses.
	{"DELETE FROM f", 403, "not_select"},
	{"DROP TABLE f", 403, "not_select"},
	{"SET GLOBAL general_log = 0", 403, "not_select"},
	{"KILL 1", 403, "not_select"},
	{"DO SLEEP(1)", 403, "not_select"},
	{"SHOW DATABASES", 403, "not_select"},
	{"SELECT 1; DROP TABLE f", 0, ""},
	{"EXPLAIN DELETE FROM f", 403, "not_select"},
	{"EXPLAIN ANALYZE SELECT n FROM f", 0, ""},
	{"SELECT n FROM f INTO OUTFILE '/tmp/databalancer-attack'", 403, "forbidden_clause"},
	{"SELECT n INTO @a FROM f", 0, ""},
	{"SELECT n FROM f FOR UPDATE", 403, "forbidden_clause"},
	{"SELECT n FROM f LOCK IN SHARE MODE", 403, "forbidden_clause"},
	{"SELECT @@version", 403, "forbidden_clause"},
	{"SELECT @a := 1", 403, "forbidden_clause"},
	// Tables.
	{"SELECT * FROM mysql.user", 403, "forbidden_table"},
	{"SELECT * FROM information_schema.tables", 403, "forbidden_table"},
	{"SELECT * FROM performance_schema.threads", 403, "forbidden_table"},
	{"SELECT * FROM databalancer_shard", 403, "forbidden_table"},
	{"SELECT * FROM databalancer_catalog.shards", 403, "forbidden_table"},
	{"SELECT n FROM f WHERE EXISTS (SELECT 1 FROM mysql.user)", 403, "forbidden_table"},
	{"SELECT * FROM no_such_table", 404, "unknown_table"},
}

// harm is what no statement on a server may contain.
var harm = regexp.MustCompile(`(?i)[^a-z]sleep\s*\(|benchmar|get_lock\('a'|load_file|pos_wait|extractvalue|updatexml|last_insert_id|nextval|drop table f|delete from f|outfile|for update.*\bf\b|mysql\.user|performance_schema|set global|@a|@@version`)

// literal is a string in a statement.
var literal = regexp.MustCompile(`'(?:[^'\\]|\\.|'')*'`)

// TestAttacks sends the attacks to a server whose general log is on, and
// looks for them there.
func TestAttacks(t *testing.T) {
	log, socket := logged(t)
	s := harness.Start(t, "-mysql_address", socket)
	s.Put("f", map[string]string{"n": "int"}, numbers(3))
	before := len(read(t, log))
	for _, a := range attacks {
		res := s.Request("POST", "/api/query", map[string]any{"query": a.sql})
		refused := res.Status >= 400 && res.Status < 500
		switch {
		case res.Err != nil, a.status == 0 && !refused, a.status != 0 && res.Status != a.status:
			t.Errorf("%s: got %d (%v) %s, want %d", a.sql, res.Status, res.Err, res.Body, a.status)
		case a.code != "" && res.Problem().Code != a.code:
			t.Errorf("%s: got %s, want the code %s", a.sql, res.Body, a.code)
		}
	}
	if got := s.Rows("SELECT n FROM f WHERE n = ?", 2); got != "[2]" {
		t.Errorf("after the attacks: got %s", got)
	}
	arrived := read(t, log)[before:]
	if !strings.Contains(arrived, "databalancer query_id") {
		t.Fatalf("the general log does not show the queries:\n%s", arrived)
	}
	for line := range strings.SplitSeq(arrived, "\n") {
		if _, statement, ok := strings.Cut(line, "*/"); ok && harm.MatchString(literal.ReplaceAllString(statement, "''")) {
			t.Errorf("reached the server: %s", line)
		}
	}
}

// TestReadOnlySessions checks the layer behind the guard, from the server's
// own log: each query connection is made read-only before its first query.
func TestReadOnlySessions(t *testing.T) {
	log, socket := logged(t)
	s := harness.Start(t, "-mysql_address", socket)
	s.Put("f", map[string]string{"n": "int"}, numbers(3))
	s.Rows("SELECT n FROM f")
	query := regexp.MustCompile(`(\d+) Query\s+/\* databalancer query_id`).FindStringSubmatch(read(t, log))
	if query == nil {
		t.Fatalf("the query is not in the general log:\n%s", read(t, log))
	}
	readOnly := regexp.MustCompile(`(?i)\b` + query[1] + ` Query\s+SET SESSION TRANSACTION READ ONLY`)
	if !readOnly.MatchString(read(t, log)) {
		t.Errorf("connection %s was not made read-only:\n%s", query[1], read(t, log))
	}
}

// logged returns a server whose general log is on, and that log's path.
func logged(t *testing.T) (log, socket string) {
	t.Helper()
	if b := localtest.Backend(t); b.Vendor == server.TiDB {
		t.Skipf("SKIPPED: %s has no general log of that form", b)
	}
	log = filepath.Join(t.TempDir(), "general.log")
	cluster := localtest.Dedicated(t, 1, "--general-log=1", "--general-log-file="+log, "--log-output=FILE")
	return log, cluster.Sockets()[0]
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
