package guard

import (
	"testing"

	"github.com/kolide/databalancer/router/tree"
)

// TestValues makes SELECTs of VALUES statements: which parentheses they need
// follows from what stands beside them.
func TestValues(t *testing.T) {
	for _, tt := range []struct {
		rows      bool // as ROW (…), and lists of columns, as in MySQL
		sql, want string
	}{
		{false, "values (1, 'a'), (2, 3 + 4)", "SELECT 1 AS `1`,'a' UNION ALL SELECT 2,3+4"},
		{false, "values (4)", "SELECT 4 AS `4`"},
		{false, "values (1), (1) union select 2", "SELECT 1 AS `1` UNION SELECT 1 UNION SELECT 2"},
		{false, "values (1), (1) union all select 2", "SELECT 1 AS `1` UNION ALL SELECT 1 UNION ALL SELECT 2"},
		{false, "select 2 union values (1), (1)", "SELECT 2 AS `2` UNION SELECT 1 UNION SELECT 1"},
		{false, "select 2 union all values (1), (1) limit 2", "SELECT 2 AS `2` UNION ALL SELECT 1 UNION ALL SELECT 1 LIMIT 2"},
		{false, "select 2 except values (1), (2)", "SELECT 2 AS `2` EXCEPT (SELECT 1 UNION ALL SELECT 2)"},
		{false, "values (1), (2) intersect values (2), (3)", "(SELECT 1 AS `1` UNION ALL SELECT 2) INTERSECT (SELECT 2 UNION ALL SELECT 3)"},
		{false, "(values (2), (1)) order by 1", "(SELECT 2 AS `2` UNION ALL SELECT 1) ORDER BY 1"},
		{false, "select a from t where a in (values (1), (f(2, 3)))", ""},
		{false, "select a from t where (a, b) in (values (1, 2), (3, 4))", "SELECT `a` FROM `t` WHERE ROW(`a`,`b`) IN (SELECT 1,2 UNION ALL SELECT 3,4)"},
		{false, "with c (n) as (values (1), (2)) values (3), (4)", "WITH `c` (`n`) AS (SELECT 1 UNION ALL SELECT 2) SELECT 3 AS `3` UNION ALL SELECT 4"},
		{false, "values ((select 1), (2 + (3)))", "SELECT (SELECT 1) AS `(select 1)`,(2+(3)) AS `(2 + (3))`"},
		{true, "values row(1, 'a'), row(2, 'b')", "SELECT 1 AS `column_0`,'a' AS `column_1` UNION ALL SELECT 2,'b'"},
		{true, "select column_0 from (values row((select 1))) v", "SELECT `column_0` FROM (SELECT (SELECT 1) AS `column_0`) AS `v`"},
		{true, "select b from (values row(1, 2)) v (a, b)", "SELECT `b` FROM (WITH `v` (`a`, `b`) AS (SELECT 1 AS `column_0`,2 AS `column_1`) SELECT * FROM `v`) AS `v`"},
		{false, "select a from (select 1) as x (a)", ""},
		{true, "select a from (select sleep(1)) as x (a)", ""},
		{true, "select a from (select 1) as x (a, sleep(1))", ""},
		{true, "select x.b from t join (select 1, 2) as x (a, `b`), lateral (select x.a) y (z)",
			"SELECT `x`.`b` FROM (`t` JOIN (WITH `x` (`a`, `b`) AS (SELECT 1,2) SELECT * FROM `x`) AS `x`) JOIN LATERAL (WITH `y` (`z`) AS (SELECT `x`.`a`) SELECT * FROM `y`) AS `y`"},
		{true, "select (select 1), (select 2) and (a) from t, (select 3) x (y, 4)", ""},
		{true, "values (1)", ""},
		{false, "values row(1)", ""},
		{false, "values ()", ""},
		{false, "values (1), (rownum())", ""},
		{false, "values (default)", ""},
		{false, "select coalesce(values(a), 1) from t", ""},
		{false, "select values(a) from t", ""},
		{false, "values (1) select 2", ""},
	} {
		st, err := Dialect{RowValues: tt.rows, ListsColumns: tt.rows}.Parse(tt.sql, nil, Limits{})
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s is accepted", tt.sql)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.sql, err)
			continue
		}
		if got, err := tree.Restore(st.Node()); err != nil || got != tt.want {
			t.Errorf("%s is\n%s, %v, not\n%s", tt.sql, got, err, tt.want)
		}
	}
}

// TestJSONTable goes through what may stand in a JSON_TABLE: each is printed so
// that nothing but what was understood reaches a server.
func TestJSONTable(t *testing.T) {
	for _, tt := range []struct{ sql, want string }{
		{"json_table('[1]', '$[*]' columns (n int path '$')) as j", "JSON_TABLE('[1]', '$[*]' COLUMNS ( `n` INT PATH '$' )) AS `j`"},
		{"JSON_TABLE(concat('[', 1, ']'), \"$[*]\" columns(`a``b` for ordinality)) j", "JSON_TABLE(CONCAT('[', 1, ']'), '$[*]' COLUMNS ( `a``b` FOR ORDINALITY )) AS `j`"},
		{"json_table(t.v, '$' columns (a varchar(10) character set utf8mb4 path '$.a' default '\"x''y\"' on empty error on error, b int exists path '$.b')) as j",
			"JSON_TABLE(`t`.`v`, '$' COLUMNS ( `a` VARCHAR ( 10 ) CHARACTER SET UTF8MB4 PATH '$.a' DEFAULT '\"x''y\"' ON EMPTY ERROR ON ERROR , `b` INT EXISTS PATH '$.b' )) AS `j`"},
		{"json_table(v, '$' columns (d decimal(10, 2) unsigned path '$.d', nested path '$.l[*]' columns (x json path '$' null on empty, nested path '$.m' columns (y date path '$')))) as j",
			"JSON_TABLE(`v`, '$' COLUMNS ( `d` DECIMAL ( 10 , 2 ) UNSIGNED PATH '$.d' , NESTED PATH '$.l[*]' COLUMNS ( `x` JSON PATH '$' NULL ON EMPTY , NESTED PATH '$.m' COLUMNS ( `y` DATE PATH '$' ) ) )) AS `j`"},
		{"json_table((select v from t limit 1), '$' columns (n int path '$')) as j", "JSON_TABLE((SELECT `v` FROM `t` LIMIT 1), '$' COLUMNS ( `n` INT PATH '$' )) AS `j`"},
		{"json_table('[1]', '$[*]' columns (n int path '$'))", ""},
		{"json_table('[1]' from t, '$[*]' columns (n int path '$')) j", ""},
		{"json_table('[1]' as x, '$[*]' columns (n int path '$')) j", ""},
		{"json_table('[1]' union select 2, '$[*]' columns (n int path '$')) j", ""},
		{"json_table('[1]', v, '$[*]' columns (n int path '$')) j", ""},
		{"json_table('[1]', concat('$') columns (n int path '$')) j", ""},
		{"json_table('[1]', '$\\[*]' columns (n int path '$')) j", ""},
		{"json_table('[1]', '$' '[*]' columns (n int path '$')) j", ""},
		{"json_table('[1]', '$' columns (n int path '$' default (select 1) on empty)) j", ""},
		{"json_table('[1]', '$' columns (n int path '$' default sleep(1) on empty)) j", ""},
		{"json_table('[1]', '$' columns (n sleep(1) path '$')) j", ""},
		{"json_table('[1]', '$' columns (n int collate x.y path '$')) j", ""},
		{"json_table('[1]', '$' columns (n int path '$')), sleep(1)) j", ""},
		{"json_table('[1]', '$' columns (n int path '$') t) j", ""},
		{"json_table(sleep(1), '$' columns (n int path '$')) j", ""},
	} {
		st, err := Parse("select 1 from t, "+tt.sql, nil, Limits{})
		if tt.want == "" {
			if err == nil {
				text, _ := tree.Restore(st.Node())
				t.Errorf("%s is accepted: %s", tt.sql, text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.sql, err)
			continue
		}
		if got, err := tree.Restore(st.Node()); err != nil || got != "SELECT 1 AS `1` FROM `t` JOIN "+tt.want {
			t.Errorf("%s is\n%s, %v, not\n%s", tt.sql, got, err, tt.want)
		}
	}
}

// TestPercentiles prints percentiles as they were written, and nothing but those.
func TestPercentiles(t *testing.T) {
	for _, tt := range []struct{ sql, want string }{
		{"median(a + 1) over (partition by b)", "MEDIAN(`a`+1) OVER (PARTITION BY `b`)"},
		{"percentile_cont(0.5) within group (order by a desc) over ()", "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY `a` DESC) OVER ()"},
		{"1 + percentile_disc(1 - 0.5) within group (order by -a asc) over (partition by b)", "1+PERCENTILE_DISC(1-0.5) WITHIN GROUP (ORDER BY -`a`) OVER (PARTITION BY `b`)"},
		{"median(a)", ""},
		{"median(sleep(1)) over ()", ""},
		{"percentile_cont(0.5) within group (order by sleep(1)) over ()", ""},
		{"percentile_cont(sleep(1)) within group (order by a) over ()", ""},
		{"percentile_cont(0.5, 1) within group (order by a) over ()", ""},
		{"percentile_cont(0.5) within group (order by a, b) over ()", ""},
		{"percentile_cont(0.5) within group (order by a limit 1) over ()", ""},
		{"percentile_cont(0.5) within group (order by a)", ""},
	} {
		st, err := Parse("select "+tt.sql+" as p from t", nil, Limits{})
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s is accepted", tt.sql)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.sql, err)
			continue
		}
		if got, err := tree.Restore(st.Node()); err != nil || got != "SELECT "+tt.want+" AS `p` FROM `t`" {
			t.Errorf("%s is\n%s, %v, not\n%s", tt.sql, got, err, tt.want)
		}
	}
}

// TestCollections prints aggregates with an order and a LIMIT as they were
// written, and nothing but those.
func TestCollections(t *testing.T) {
	for _, tt := range []struct{ sql, want string }{
		{"json_arrayagg(distinct a + 1 order by b desc, a limit 2 offset 1)", "JSON_ARRAYAGG(DISTINCT `a`+1 ORDER BY `b` DESC,`a` LIMIT 1, 2)"},
		{"group_concat(distinct a, b order by 1 separator ';' limit 3)", "GROUP_CONCAT(DISTINCT `a`, `b` ORDER BY 1 SEPARATOR ';' LIMIT 3)"},
		{"group_concat(json_arrayagg(a order by b) limit 1, 2)", "GROUP_CONCAT(JSON_ARRAYAGG(`a` ORDER BY `b`) SEPARATOR ',' LIMIT 1, 2)"},
		{"json_arrayagg((select max(a) from t limit 1) limit 2)", "JSON_ARRAYAGG((SELECT MAX(`a`) FROM `t` LIMIT 1) LIMIT 2)"},
		{"json_arrayagg(sleep(1) order by a)", ""},
		{"json_arrayagg(a order by sleep(1))", ""},
		{"json_arrayagg(a order by @x)", ""},
		{"group_concat(sleep(1) limit 1)", ""},
		{"json_arrayagg(a, b order by a)", ""},
		{"json_arrayagg(a order by a separator '-')", ""},
		{"json_arrayagg(a limit 1) over ()", ""},
		{"group_concat(a limit 1 + 1)", ""},
		{"group_concat(a limit 1, 2, 3)", ""},
		{"group_concat(a limit 1 order by a)", ""},
		{"json_objectagg(a, b limit 1)", ""},
		{"json_arrayagg (a limit 1)", ""},
	} {
		st, err := Parse("select "+tt.sql+" as p from t", nil, Limits{})
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s is accepted", tt.sql)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.sql, err)
			continue
		}
		if got, err := tree.Restore(st.Node()); err != nil || got != "SELECT "+tt.want+" AS `p` FROM `t`" {
			t.Errorf("%s is\n%s, %v, not\n%s", tt.sql, got, err, tt.want)
		}
	}
}
