package proxy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// What servers say of a plan's statements comes with the answer, whatever the
// kind of the plan; what says that the answer is not whole comes in its place.
func TestWarnings(t *testing.T) {
	f := newFixture(t, 2)
	cast := func(text string) string { return "SELECT CAST('" + text + "' AS SIGNED) AS n" }
	cut := "SELECT LENGTH(GROUP_CONCAT(REPEAT('x', 1000))) AS n FROM " + localtest.Numbers(1, 1100) + " AS s"
	null := "SELECT LENGTH(REPEAT('x', 1100000000)) AS n"
	endlessly := "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 3000) SELECT COUNT(*) AS n FROM r"
	type run struct {
		plan *router.Plan
		want string // rows and warnings, or the number of what was cut
	}
	plans := map[string]run{
		"single":                   {single(cast("1x")), "1; 1292"},
		"single without":           {single("SELECT 1"), "1;"},
		"single with many steps":   {single(endlessly), "3000;"},
		"single, cut":              {single(cut), "1260"},
		"single, NULL":             {single(null), "1301"},
		"concat":                   {concat(cast("1x"), cast("2y")), "1 2; 1292 1292"},
		"concat, cut in the last":  {concat(cast("1x"), cut), "1260"},
		"concat, cut in the first": {concat(cut, cast("1x")), "1260"},
	}
	if localtest.Backend(t).Gathers() {
		step := func(sql string) router.Step { return shipping("s1", "t1", sql) }
		plans["gather"] = run{gathering("s0", "SELECT n + CAST('3z' AS SIGNED) AS n FROM t1", step(cast("1x"))), "4; 1292 1292"}
		plans["gather, cut in the end"] = run{gathering("s0", cut+" WHERE seq > (SELECT MIN(n) FROM t1)", step("SELECT 0 AS n")), "1260"}
		plans["gather, cut on the way"] = run{gathering("s0", "SELECT n FROM t1", step(cut)), "1260"}
	}
	for name, tt := range plans {
		s, result, err := f.run(t, tt.plan, 0)
		got := strings.Join(s.rows, " ") + ";"
		for _, w := range result.Warnings {
			got += fmt.Sprint(" ", w.Code)
			if w.Level != "warning" || w.Message == "" || strings.Contains(w.Message, "databalancer") {
				t.Errorf("%s: %+v", name, w)
			}
		}
		if e, ok := errors.AsType[*shard.CutError](err); ok && fault.CodeOf(err) == fault.AnswerCut {
			got = fmt.Sprint(e.Number)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
		f.idle(t, "test")
	}
}

// An answer that ends at its limit has the warnings of the rows that it has,
// and fails where one of them was cut.
func TestWarningsBehindLimit(t *testing.T) {
	f := newFixture(t, 1)
	rows := "SELECT CONCAT('x', seq) + 0 AS n FROM " + localtest.Numbers(1, 30) + " AS s LIMIT 11"
	s, result, err := f.run(t, single(rows), 10)
	if err != nil || !result.Truncated || len(s.rows) != 10 || len(result.Warnings) < 10 {
		t.Errorf("%d rows, %d warnings, truncated: %t, %v", len(s.rows), len(result.Warnings), result.Truncated, err)
	}
	groups := "SELECT LENGTH(GROUP_CONCAT(REPEAT('x', 10000))) AS n FROM " + localtest.Numbers(0, 2200) + " AS s GROUP BY seq MOD 10 LIMIT 6"
	if _, _, err = f.run(t, single(groups), 5); fault.CodeOf(err) != fault.AnswerCut {
		t.Errorf("a cut in an answer that ends at its limit: %v", err)
	}
	f.idle(t, "test")
}
