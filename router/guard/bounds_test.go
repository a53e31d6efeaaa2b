package guard

import (
	"testing"

	"github.com/kolide/databalancer/router/tree"
)

// TestBounds goes through what may bound rows beside LIMIT: nothing but numbers
// and placeholders, in their order, reaches a server.
func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		sql, want string
		args      []any
	}{
		{"select a from t order by a fetch next row with ties", "SELECT `a` FROM `t` ORDER BY `a` FETCH FIRST 1 ROWS WITH TIES", nil},
		{"select a from t where b = ? order by a desc offset ? row fetch first ? rows with ties", "SELECT `a` FROM `t` WHERE `b`='LIMIT ' ORDER BY `a` DESC OFFSET 1 ROWS FETCH FIRST 2 ROWS WITH TIES", []any{"LIMIT ", int64(1), int64(2)}},
		{"(select a from t order by a fetch first 2 rows with ties) union select ? order by 1 limit ?", "(SELECT `a` FROM `t` ORDER BY `a` FETCH FIRST 2 ROWS WITH TIES) UNION SELECT 7 ORDER BY 1 LIMIT 8", []any{int64(7), int64(8)}},
		{"select a from t limit rows examined ?", "SELECT `a` FROM `t` LIMIT ROWS EXAMINED 5", []any{int64(5)}},
		{"select a from t limit ?, ? rows examined ?", "SELECT `a` FROM `t` LIMIT 1,2 ROWS EXAMINED 3", []any{int64(1), int64(2), int64(3)}},
		{"select a from (select ? as a limit ? offset ? rows examined ?) x where a = ?", "SELECT `a` FROM (SELECT 1 AS `a` LIMIT 3,2 ROWS EXAMINED 4) AS `x` WHERE `a`=5", []any{int64(1), int64(2), int64(3), int64(4), int64(5)}},
		{"select a from t order by a fetch first ? rows with ties", "", []any{int64(-1)}},
		{"select a from t limit rows examined ?", "", []any{"1; drop"}},
		{"select a from t order by a fetch first sleep(1) rows with ties", "", nil},
		{"select a from t order by a offset sleep(1) rows fetch first 1 rows with ties", "", nil},
		{"select a from t order by a offset `1` rows fetch first 1 rows with ties", "", nil},
		{"select a from t limit rows examined (select 1)", "", nil},
		{"select a from t limit b, 1 rows examined 1", "", nil},
		{"select a from t order by a fetch first 99999999999999999999 rows with ties", "", nil},
		{"select a from t fetch first 1 rows with ties", "", nil},
		{"select group_concat(a order by a fetch first 1 rows with ties) from t", "", nil},
		{"select a from t order by a fetch first 1 rows with ties fetch first 1 rows with ties", "", nil},
		{"select a from t order by a fetch first 1 rows with ties limit 1", "", nil},
		{"select a from t order by a limit 2 rows examined 1 with ties", "", nil},
		{"update t set a = 1 order by a fetch first 1 rows with ties", "", nil},
	} {
		st, err := Parse(tt.sql, tt.args, Limits{})
		if (err == nil) != (tt.want != "") {
			t.Errorf("%s: %v", tt.sql, err)
		}
		if err != nil {
			continue
		}
		if got, err := tree.Restore(st.Node()); err != nil || got != tt.want {
			t.Errorf("%s is\n%s, %v, not\n%s", tt.sql, got, err, tt.want)
		}
		if _, err := (Dialect{NoTies: true, NoExamined: true}).Parse(tt.sql, tt.args, Limits{}); err == nil {
			t.Errorf("%s is accepted where the servers don't know it", tt.sql)
		}
	}
}
