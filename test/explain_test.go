package test

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

type explained struct {
	Kind  string
	Home  string
	Notes []string
	Steps []struct {
		Shard, SQL, Into, Why string
		Actual                *struct{ Rows, Bytes int64 }
	}
	Actual *struct {
		Rows    int64
		Elapsed float64 `json:"elapsed_ms"`
	}
}

func explain(t testing.TB, s *harness.Server, body map[string]any) explained {
	t.Helper()
	return harness.Decode[explained](t, s.Expect(200, "POST", "/api/explain", body).Body)
}

// TestExplain shows the plan of a join over two shards, before and after it
// was run, and as the rows of EXPLAIN.
func TestExplain(t *testing.T) {
	localtest.NeedGathers(t)
	s := harness.StartOn(t, 2)
	s.Put("conn", map[string]string{"uid": "string", "n": "int"}, []any{
		map[string]any{"uid": "a", "n": 1}, map[string]any{"uid": "b", "n": 2}, map[string]any{"uid": "c", "n": 3},
	})
	s.Put("dns", map[string]string{"uid": "string"}, []any{map[string]any{"uid": "b"}, map[string]any{"uid": "c"}})
	const join = "SELECT c.n FROM conn c JOIN dns d ON d.uid = c.uid WHERE c.n > 1 ORDER BY 1"

	e := explain(t, s, map[string]any{"query": join})
	if e.Kind != "gather" || e.Home == "" || len(e.Steps) != 2 || e.Steps[1].Shard != e.Home || e.Actual != nil || e.Steps[0].Actual != nil {
		t.Errorf("plan %+v", e)
	}
	e = explain(t, s, map[string]any{"query": join, "analyze": true})
	if e.Actual == nil || e.Actual.Rows != 2 || e.Actual.Elapsed <= 0 {
		t.Fatalf("analyzed: %+v", e)
	}
	if a := e.Steps[0].Actual; a == nil || a.Rows < 2 || a.Bytes == 0 {
		t.Errorf("analyzed: first step %+v", a)
	}
	if a := e.Steps[1].Actual; a == nil || a.Rows != 2 {
		t.Errorf("analyzed: last step %+v", a)
	}
	rows := strings.Split(s.Rows("EXPLAIN "+join), "\n")
	if len(rows) != 2 || !strings.Contains(rows[0], "databalancer_1") || !strings.Contains(rows[1], "ORDER BY") {
		t.Errorf("EXPLAIN: %q", rows)
	}
	if row := s.Rows("EXPLAIN SELECT n FROM conn"); !strings.Contains(row, "conn") || strings.Contains(row, "SELECT `n`") {
		t.Errorf("EXPLAIN of what one shard answers: %q", row)
	}
	p := s.Refused(400, "database_error", "POST", "/api/explain", map[string]any{"query": "SELECT x FROM conn, dns", "analyze": true})
	if p.Detail == "" {
		t.Error("analyze of a bad query: no detail")
	}
}

// TestExplainNotes names joins of strings that lack an index, and no longer
// once there is one.
func TestExplainNotes(t *testing.T) {
	s := harness.StartOn(t, 1)
	for _, family := range []string{"conn", "dns"} {
		s.Put(family, map[string]string{"uid": "string"}, []any{map[string]any{"uid": "a"}})
	}
	body := map[string]any{"query": "SELECT 1 FROM conn JOIN dns ON conn.uid = dns.uid"}
	if e := explain(t, s, body); len(e.Notes) != 1 || !strings.Contains(e.Notes[0], "index") {
		t.Errorf("notes %q", e.Notes)
	}
	s.Expect(200, "PUT", "/api/families/dns/indexes", map[string]any{"columns": []string{"uid"}})
	if e := explain(t, s, body); len(e.Notes) != 0 {
		t.Errorf("with an index: notes %q", e.Notes)
	}
}
