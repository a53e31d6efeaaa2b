package guard

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
)

func TestErrorOffset(t *testing.T) {
	long := "select " + strings.Repeat("a, ", 2000)
	for _, test := range []struct {
		sql    string
		code   fault.Code
		offset int
		detail string // a part of it
	}{
		{"select a form t", fault.Syntax, 14, `line 1, column 15, near "t"`},
		{"select *\nfrom t\nwhere", fault.Syntax, 21, "at the end, line 3, column 6"},
		{"select 'é' form t where x", fault.Syntax, 17, `near "t where x"`},
		{"select /* é */ 1 1", fault.Syntax, 18, `near "1"`},
		{"select 1 +", fault.Syntax, 10, "at the end"},
		{long + "from from t", fault.Syntax, len(long) + 0, `near "from from t"`},
		{long + "1 from t where ) " + strings.Repeat(" ", 3000), fault.Syntax, len(long) + 15, `near ")"`},
		{"select x'zz'", fault.Syntax, 7, `near "x'zz'"`},
		{"select 1 \xff", fault.Syntax, 9, "UTF-8"},
		{"select 'abc", fault.Syntax, 7, "the string has no end"},
		{"select `abc", fault.Syntax, 7, "the quoted name has no end"},
		{"select 1 /* abc", fault.Syntax, 9, "the comment has no end"},
		{"select 1, sleep(2)", fault.ForbiddenFunction, 10, "the function sleep is not available: it waits"},
		{"select 1, a.b(2)", fault.ForbiddenFunction, 10, "a.b"},
		{"select 1 + @a", fault.ForbiddenClause, 11, "@a"},
		{"select 1 /*! x */", fault.ForbiddenClause, 9, "/*!"},
		{"  drop table t", fault.NotSelect, 2, "drop"},
		{"select 1; select 2", fault.NotSelect, 9, "one statement"},
		{"select 1 from t for update", fault.ForbiddenClause, 16, "lock"},
		{"select 1 into outfile 'x'", fault.ForbiddenClause, 9, "INTO"},
		{"select 1 union select a limit", fault.Syntax, 29, "at the end"},
	} {
		_, err := Parse(test.sql, nil, Limits{})
		e, ok := err.(*fault.Error)
		if !ok || e.Code() != test.code || offsetOf(e) != test.offset || !strings.Contains(e.Error(), test.detail) {
			t.Errorf("%.80q: %+v\nwant code %s, offset %d, detail with %q", test.sql, err, test.code, test.offset, test.detail)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name string
		sql  string
		lim  Limits
		ok   bool
	}{
		{"default length", "select '" + strings.Repeat("x", DefaultLength-9) + "'", Limits{}, true},
		{"beyond the default length", "select '" + strings.Repeat("x", DefaultLength-8) + "'", Limits{}, false},
		{"own length", "select 1234", Limits{Length: 11}, true},
		{"beyond own length", "select 12345", Limits{Length: 11}, false},
		{"greatest length", "select '" + strings.Repeat("x", MaxLength) + "'", Limits{Length: 2 * MaxLength}, false},
		{"terms", "select 1" + strings.Repeat(" or 1", 5000), Limits{}, true},
		{"too many terms", "select 1" + strings.Repeat("+1", 15_000), Limits{}, false},
		{"list", "select 1 in (1" + strings.Repeat(",1", 19_000) + ")", Limits{}, true},
		{"long list", "select 1 in (1" + strings.Repeat(",1", 20_000) + ")", Limits{}, false},
		{"own nodes", "select 1, 2, 3", Limits{Nodes: 4}, true},
		{"beyond own nodes", "select 1, 2, 3, 4", Limits{Nodes: 4}, false},
		{"nested", "select " + strings.Repeat("(", 90) + "1" + strings.Repeat(")", 90), Limits{}, true},
		{"nested too deep", "select " + strings.Repeat("(", 210) + "1" + strings.Repeat(")", 210), Limits{}, false},
		{"negations", "select " + strings.Repeat("not ", 190) + "1", Limits{}, true},
		{"too many negations", "select " + strings.Repeat("not ", 210) + "1", Limits{}, false},
		{"own depth", "select ((1))", Limits{Depth: 4}, true},
		{"beyond own depth", "select (((1)))", Limits{Depth: 4}, false},
		{"joins", "select * from t" + strings.Repeat(" join t", 300), Limits{}, true},
		{"too many joins", "select * from t" + strings.Repeat(" join t", 1001), Limits{}, false},
		{"adjacent strings", "select ''" + strings.Repeat(" ''", 63), Limits{}, true},
		{"too many adjacent strings", "select ''" + strings.Repeat(" ''", 64), Limits{}, false},
		{"arms", "select 1" + strings.Repeat(" union all select 1", 3000), Limits{}, true},
	} {
		st, err := Parse(test.sql, nil, test.lim)
		switch {
		case test.ok && err != nil, !test.ok && !isCode(err, fault.TooLarge):
			t.Errorf("%s: error %v", test.name, err)
		case test.ok:
			checkRestored(t, test.name, st)
		}
	}
}

func TestArgs(t *testing.T) {
	args := func(list ...any) []any { return list }
	const restored = "SELECT "
	for _, test := range []struct {
		sql  string
		args []any
		want string // of the restored text, after SELECT
	}{
		{"select ?", args(nil), "NULL AS `?`"},
		{"select ? x", args(true), "TRUE AS `x`"},
		{"select ? x", args(false), "FALSE AS `x`"},
		{"select ? x", args(int64(-7)), "-7 AS `x`"},
		{"select ? x", args(int64(math.MinInt64)), "-9223372036854775808 AS `x`"},
		{"select ? x", args(1.5), "1.5e+00 AS `x`"},
		{"select ? x", args(`it's \ "q"`), `'it''s \\ "q"' AS ` + "`x`"},
		{"select ? x", args("', sleep(1) -- "), `''', sleep(1) -- ' AS ` + "`x`"},
		{"select ? x", args(`\`), `'\\' AS ` + "`x`"},
		{"select ? x", args(`\', sleep(1) -- `), `'\\'', sleep(1) -- ' AS ` + "`x`"},
		{"select ? x", args("a\x00b\n"), "'a\x00b\n' AS `x`"},
		{"select ? x", args(json.Number("42")), "42 AS `x`"},
		{"select ? x", args(json.Number("-42")), "-42 AS `x`"},
		{"select ? x", args(json.Number("18446744073709551615")), "18446744073709551615 AS `x`"},
		{"select ? x", args(json.Number("18446744073709551616")), "18446744073709551616 AS `x`"},
		{"select ? x", args(json.Number("1.10")), "1.10 AS `x`"},
		{"select ? x", args(json.Number("-0.5")), "-0.5 AS `x`"},
		{"select ? x", args(json.Number("1e3")), "1e+03 AS `x`"},
		{"select ? x", args(json.Number("1.5E-3")), "1.5e-03 AS `x`"},
		{"select ? x", args(json.Number(strings.Repeat("9", 65))), strings.Repeat("9", 65) + " AS `x`"},
		{"select a from t where b = ? and c in (?, ?) limit ?, ?", args("x", int64(1), nil, int64(2), json.Number("3")), "`a` FROM `t` WHERE `b`='x' AND `c` IN (1,NULL) LIMIT 2,3"},
		{"select a from t limit ? offset ?", args(int64(5), int64(6)), "`a` FROM `t` LIMIT 6,5"},
		{"select '?', `?`, ? x /* ? */ -- ?", args(int64(1)), "'?',`?`,1 AS `x`"},
		{"select interval ? day + ? x", args(int64(1), "2024-01-01"), "DATE_ADD('2024-01-01', INTERVAL 1 DAY) AS `x`"},
		{"select 5-? x, 5 - ? y, -? z", args(int64(-1), int64(1), int64(-2)), "5- -1 AS `x`,5-1 AS `y`,- -2 AS `z`"},
		{"select trim(both ? from ?) x", args(nil, "a"), "TRIM(BOTH (NULL) FROM 'a') AS `x`"},
		{"select a from t order by ?", args(int64(1)), "`a` FROM `t` ORDER BY 1"},
		{"select a from t order by ?", args("a"), "`a` FROM `t` ORDER BY 'a'"},
		{"select lag(a, ?) over (order by b rows ? preceding) x from t", args(int64(1), int64(2)), "LAG(`a`, 1) OVER (ORDER BY `b` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS `x` FROM `t`"},
		{"select (select ? x) y union select ? order by ? limit ?", args(int64(1), int64(2), int64(3), int64(4)), "(SELECT 1 AS `x`) AS `y` UNION SELECT 2 ORDER BY 3 LIMIT 4"},
	} {
		st, err := Parse(test.sql, test.args, Limits{})
		if err != nil {
			t.Errorf("%s %v: %v", test.sql, test.args, err)
			continue
		}
		if got := checkRestored(t, test.sql, st); got != restored+test.want {
			t.Errorf("%s %v\nrestored %q\nwant     %q", test.sql, test.args, got, restored+test.want)
		}
	}
}

func TestBadArgs(t *testing.T) {
	for _, test := range []struct {
		sql  string
		args []any
		code fault.Code
	}{
		{"select ?", nil, fault.InvalidArgument},
		{"select 1", []any{int64(1)}, fault.InvalidArgument},
		{"select '?'", []any{int64(1)}, fault.InvalidArgument},
		{"select ?, ?", []any{int64(1)}, fault.InvalidArgument},
		{"select ?", []any{int(1)}, fault.InvalidArgument},
		{"select ?", []any{[]byte("a")}, fault.InvalidArgument},
		{"select ?", []any{[]any{int64(1)}}, fault.InvalidArgument},
		{"select ?", []any{"\xff"}, fault.InvalidArgument},
		{"select ?", []any{math.NaN()}, fault.InvalidArgument},
		{"select ?", []any{math.Inf(1)}, fault.InvalidArgument},
		{"select ?", []any{json.Number("")}, fault.InvalidArgument},
		{"select ?", []any{json.Number("x")}, fault.InvalidArgument},
		{"select ?", []any{json.Number("1 ")}, fault.InvalidArgument},
		{"select ?", []any{json.Number("1, sleep(1)")}, fault.InvalidArgument},
		{"select ?", []any{json.Number("1--1")}, fault.InvalidArgument},
		{"select ?", []any{json.Number("0x41")}, fault.InvalidArgument},
		{"select ?", []any{json.Number("01")}, fault.InvalidArgument},
		{"select ?", []any{json.Number("1e400")}, fault.InvalidArgument},
		{"select ?", []any{json.Number(strings.Repeat("9", 66))}, fault.InvalidArgument},
		{"select ?", []any{json.Number("0." + strings.Repeat("1", 31))}, fault.InvalidArgument},
		{"select 1 limit ?", []any{int64(-1)}, fault.InvalidArgument},
		{"select 1 limit ?", []any{"1"}, fault.InvalidArgument},
		{"select 1 limit ?", []any{nil}, fault.InvalidArgument},
		{"select 1 limit ?", []any{1.0}, fault.InvalidArgument},
		{"select 1 limit 1 offset ?", []any{json.Number("1.5")}, fault.InvalidArgument},
		{"select sum(a) over (order by b rows ? preceding) from t", []any{int64(-1)}, fault.InvalidArgument},
		{"select ?", []any{strings.Repeat("x", DefaultLength)}, fault.TooLarge},
		{"? 1", []any{"select"}, fault.NotSelect},
		{"select a from ?", []any{"t"}, fault.Syntax},
	} {
		if _, err := Parse(test.sql, test.args, Limits{}); !isCode(err, test.code) {
			t.Errorf("%s %.40q: error %v, want code %s", test.sql, test.args, err, test.code)
		}
	}
}

func TestExplain(t *testing.T) {
	for sql, explain := range map[string]bool{
		"explain select 1":                        true,
		"describe select 1":                       true,
		"desc with a as (select 1) select 1":      true,
		"explain select 1 union select 2":         true,
		"explain format = traditional select 1":   true,
		"explain format = 'traditional' select 1": true,
		"select 1":   false,
		"(select 1)": false,
	} {
		st, err := Parse(sql, nil, Limits{})
		if err != nil || st.explain != explain {
			t.Errorf("%s: %+v, %v", sql, st, err)
		}
	}
}

// TestParseConcurrently makes sure that no statement changes when its parser
// parses others.
func TestParseConcurrently(t *testing.T) {
	queries := append(faithfulQueries, "select cast(a as char charset latin1 from", "select cast(a as char)")
	want := make([]string, len(queries))
	for i, query := range queries {
		want[i] = restored(query)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, query := range queries {
				if got := restored(query); got != want[i] {
					t.Errorf("%s\nrestored %q\nwant     %q", query, got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

// restored returns the restored text or the error.
func restored(query string) string {
	st, err := Parse(query, nil, Limits{})
	if err != nil {
		return err.Error()
	}
	text, err := tree.Restore(st.node)
	if err != nil {
		return err.Error()
	}
	return text
}

// TestUnparsed names functions whose syntax the parser does not know.
func TestUnparsed(t *testing.T) {
	for query, what := range map[string]string{
		"select json_value(a, '$.a' returning signed) from t":                     "RETURNING",
		"select 1 + json_value(a, concat('$', '.a') default 1 on empty) from t":   "JSON_VALUE",
		"select * from json_table('[1]', '$[*]' columns (a int path p)) x":        "JSON_TABLE",
		"select * from t, json_table(t.a, '$[*]' columns (a int path 1)) x":       "JSON_TABLE",
		"select percentile_cont(0.5) within group (order by a) from t":            "PERCENTILE_CONT",
		"select percentile_disc(0.5) WITHIN GROUP (order by a, b) over () from t": "PERCENTILE_DISC",
		"select median(a) from t":                                                    "MEDIAN",
		"select column_get(a, 'b' as int) from t":                                    "COLUMN_GET",
		"select weight_string('a' level 1)":                                          "WEIGHT_STRING",
		"select group_concat(a order by a limit a) from t":                           "GROUP_CONCAT",
		"select json_arrayagg(a order by a limit a) from t":                          "JSON_ARRAYAGG",
		"select st_collect(distinct a) from t":                                       "ST_COLLECT",
		"select lag(a, 1 + 1) over (order by a) from t":                              "LAG",
		"select ntile(1 + 1) over (order by a) from t":                               "NTILE",
		"select x from (select json_value(a, '$.a' returning signed) x from t) as y": "JSON_VALUE",
	} {
		_, err := Parse(query, nil, Limits{})
		if !isCode(err, fault.Unsupported) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v, which does not name %s", query, err, what)
		}
	}
	for _, query := range []string{
		"select json_value(a, '$.a') from t wher b",
		"select median(a), b c d from t",
	} {
		if _, err := Parse(query, nil, Limits{}); !isCode(err, fault.Syntax) && !isCode(err, fault.Unsupported) {
			t.Errorf("%s: %v", query, err)
		}
	}
}
