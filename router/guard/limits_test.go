package guard

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/router/tree"
)

// worst are texts made to exhaust a parser: a beginning, what is repeated up
// to the greatest length, and an end.
var worst = []struct{ begin, repeat, end string }{
	{"select ", "(", "1"},
	{"select ", "((select ", "1"},
	{"", "(", "select 1"},
	{"", "(select 1) union (", "select 1"},
	{"select 1", " union select 1", ""},
	{"select 1", " union (select 1", ""},
	{"select ", "(select ", "1"},
	{"select * from ", "(select * from ", "t"},
	{"select * from ", "(", "t"},
	{"select * from t", " join t", ""},
	{"select * from t", ",t", ""},
	{"select * from t", " left join t", ""},
	{"select * from t", " natural join t", ""},
	{"select * from t", " join t on 1", ""},
	{"select * from t", " straight_join t", ""},
	{"select * from t", " cross join t", ""},
	{"select * from (t", " join (t", ""},
	{"select ", "not ", "1"},
	{"select ", "!", "1"},
	{"select ", "-", "1"},
	{"select ", "~", "1"},
	{"select ", "+", "1"},
	{"select ", "- ", "1"},
	{"select ", "binary ", "1"},
	{"select ", "exists (select ", "1"},
	{"select ", "case when ", "1"},
	{"select ", "case 1 when 1 then ", "1"},
	{"select ", "abs(", "1"},
	{"select ", "{d ", "1"},
	{"select ", "interval ", "1"},
	{"select ", "interval 1 day + ", "now()"},
	{"select 1", "+1", ""},
	{"select 1", " or 1", ""},
	{"select 1", " and 1 or 1", ""},
	{"select 1", "=1", ""},
	{"select 1", "^1", ""},
	{"select 1", "||1", ""},
	{"select 1", " in (1)", ""},
	{"select 1", " is null", ""},
	{"select 1", " between 1 and 1", ""},
	{"select 1 ", "between 1 and ", "1"},
	{"select 1", " like 1", ""},
	{"select 'a' ", "like 'a' escape 'b' ", ""},
	{"select a", " collate utf8mb4_bin", ""},
	{"select 1", ",1", ""},
	{"select 1 in (1", ",1", ")"},
	{"select 'a'", "'a'", ""},
	{"select ''", " ''", ""},
	{"select ", "match ", ""},
	{"select ", "match a ", ""},
	{"select ", "match(a) ", ""},
	{"select ", "match(a) against ", ""},
	{"select ", "interval (", ""},
	{"select 1 group by ", "rollup (", ""},
	{"select 1 ", "offset 1 rows ", ""},
	{"select ", "json_table(", ""},
	{"select ", "group_concat(a limit ", ""},
	{"select ", "row_number ", ""},
	{"select ", "{fn ", ""},
	{"select '" + strings.Repeat("x", 100_000) + "'", " ''", ""},
	{"select '", "\\", "'"},
	{"select '", "''", "'"},
	{"select `", "``", "`"},
	{"select 1", "/**/", ""},
	{"select 1", "/*x*/ ", ""},
	{"select ", "/*+*/", "1"},
	{"select /*+ ", "a(b) ", "*/ 1"},
	{"select ", "/*!*/", "1"},
	{"select /* ", "/* ", "*/ 1"},
	{"select 1 ", "--\n", ""},
	{"select 1 ", "#\n", ""},
	{"select 1 ", "-- ", ""},
	{"select 1", ";", ""},
	{"select 1", "; select 1", ""},
	{"select ", " ", "1"},
	{"select 1", " \t\n", "as b"},
	{"select a", ".a", ""},
	{"select a", " . a", ""},
	{"select ", "9", ""},
	{"select 0x", "a1", ""},
	{"select 0b", "1", ""},
	{"select 1.", "1", "e5"},
	{"select 1", "e", ""},
	{"select @", "@", "a"},
	{"select ", "a", ""},
	{"select ", "é", ""},
	{"select '", "😀", "'"},
	{"with a as (select 1)", ", a as (select 1)", " select 1"},
	{"", "with a as (", "select 1"},
	{"select sum(1) over (", "partition by sum(1) over (", ""},
	{"select 1 from t window w as ()", ", w as ()", ""},
	{"select * from t use index (a", ",a", ")"},
	{"select * from t", " use index (a)", ""},
	{"select 1 order by 1", ",1", ""},
	{"select match(a", ",a", ") against (1)"},
	{"select cast(", "cast(", "1"},
	{"select convert(", "convert(", "1"},
	{"select group_concat(", "group_concat(", "1"},
	{"explain ", "explain ", "select 1"},
	{"select (1", ",1", ")"},
	{"select (1", ",(1", ")"},
	{"select ", "row(1,", "1"},
	{"select ", "(values (", "1"},
	{"values (1)", ",(1)", " limit 1 rows examined 1"},
	{"select 1", " union values (1)", ""},
	{"select * from ", "json_table(", "1"},
	{"select * from json_table('[]', '$' columns (", "x int path '$', ", "y int path '$')) t"},
	{"select * from json_table('[]', '$' columns (", "nested '$' columns (", "y int path '$')) t"},
	{"select ", "group_concat(", "1 limit 1"},
	{"select 1", ", json_arrayagg(1 order by 1 limit 1)", ""},
	{"select 1", ", median(1) over ()", ""},
	{"select 1", ", percentile_cont(1) within group (order by 1) over ()", ""},
	{"select 1 ", "limit 1 rows examined 1 ", ""},
	{"select 1 ", "offset 1 rows fetch first 1 rows with ties ", ""},
	{"select * from ", "(select 1 x) t (a), ", "t"},
	{"select * from ", "lateral (select ", "1"},
	{"select 1 ", "\x00", ""},
	{"", "`", ""},
	{"", "'", ""},
	{"", "\\", ""},
}

// TestWorst runs parse on each: what hurts the parser is a stack overflow,
// which no test survives.
func TestWorst(t *testing.T) {
	for _, w := range worst {
		n := (MaxLength - len(w.begin) - len(w.end)) / len(w.repeat)
		sql := w.begin + strings.Repeat(w.repeat, n) + w.end
		for _, text := range []string{sql, sql + strings.Repeat(")", min(n, MaxLength-len(sql)))} {
			st, err := Parse(text, nil, Limits{Length: MaxLength})
			if err != nil {
				checkError(t, text, err)
				continue
			}
			if _, err := tree.Restore(st.node); err != nil {
				t.Errorf("%.20q…%.20q: %v", w.begin, w.repeat, err)
			}
		}
	}
}
