package main

import (
	"strings"
	"testing"
	"time"
)

func TestAnswersCompare(t *testing.T) {
	row := func(values ...string) [][]byte {
		var r [][]byte
		for _, v := range values {
			if v == "NULL" {
				r = append(r, nil)
				continue
			}
			r = append(r, []byte(v))
		}
		return r
	}
	var want answer
	want.add(row("1", "a\"b", "2.50", "NULL", "ü"))
	want.add(row("2", "", "0.00", "", "x"))
	for name, tt := range map[string]struct {
		text string
		same bool
	}{
		"the same in another order": {`{"rows":[[2,"",0.00,"","x"],[1,"a\"b",2.50,null,"\u00fc"]],"truncated":false}`, true},
		"another digit":             {`{"rows":[[2,"",0.00,"","x"],[1,"a\"b",2.5,null,"ü"]]}`, false},
		"NULL for an empty text":    {`{"rows":[[2,null,0.00,"","x"],[1,"a\"b",2.50,null,"ü"]]}`, false},
		"values between columns":    {`{"rows":[[2,"",0.00,"","x"],[1,"a\"b2.50","",null,"ü"]]}`, false},
		"a row less":                {`{"rows":[[2,"",0.00,"","x"]]}`, false},
	} {
		if got, err := read([]byte(tt.text)); err != nil || (got == want) != tt.same {
			t.Errorf("%s: %+v, %v, compared with %+v", name, got, err, want)
		}
	}
	for _, text := range []string{`{"rows":[[1]],"truncated":true}`, `{"rows":[[1]],"error":{"code":"x"}}`, `{"rows":[[1`} {
		if got, err := read([]byte(text)); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestJudge(t *testing.T) {
	const ms = time.Millisecond
	outcomes := []outcome{
		{query: query{name: "fast"}, oracle: 10 * ms, gathered: 8 * ms, spider: 16 * ms},
		{query: query{name: "slow"}, oracle: 10 * ms, gathered: 30 * ms, spider: 15 * ms},
		{query: query{name: "fair"}, oracle: 10 * ms, gathered: 12 * ms, spider: 30 * time.Second, noSpider: "stopped"},
		{query: query{name: "refused"}, oracle: 10 * ms, failed: "unsupported: why", spider: 10 * ms},
		{query: query{name: "wrong"}, oracle: 10 * ms, failed: differs + ": 1 rows, one server has 2", noSpider: differs},
		{query: query{name: "long"}, dropped: "left out"},
		{query: query{name: "short"}, oracle: ms, gathered: 3 * ms},
	}
	got := map[string]string{}
	s := &scattered{bed: &bed{}, spider: &spider{version: "SPIDER 1"}}
	f := s.judge("Data.", outcomes)
	for _, m := range f.measures {
		got[m.what] = strings.Join([]string{m.format(), m.verdict(), m.note}, "|")
	}
	for what, want := range map[string]string{
		"queries answered as one server does":           "4|**miss**|of 6",
		"queries answered otherwise":                    "1||wrong",
		"time / time of one server, median":             "1.2|pass|of 3 queries",
		"time / time of one server, highest":            "3|**miss**|slow",
		"time added to queries of at most 3ms, highest": "2 ms|**miss**|short",
		"time / time of SPIDER, median":                 "0.5|pass|of 3 queries",
		"time / time of SPIDER, highest":                "2|**miss**|slow",
	} {
		if got[what] != want {
			t.Errorf("%s: got %q, want %q", what, got[what], want)
		}
	}
	remarks := strings.Join(f.remarks, " ")
	if want := "Slower than one server by more than 1.3: slow. Slower than SPIDER: slow. SPIDER's answer is another one: wrong. Not answered: refused, wrong. Left out: long."; remarks != want {
		t.Errorf("remarks: %q", remarks)
	}
	if row := strings.Join(f.details[3], "|"); row != "fair||10|12|1.2|stopped|0.0004|" {
		t.Errorf("row %q", row)
	}
	s.spider = nil
	if row := strings.Join(s.judge("", outcomes).details[2], "|"); row != "slow||10|30|3|" {
		t.Errorf("row without SPIDER: %q", row)
	}
}

func TestJoinQueries(t *testing.T) {
	queries, seen := joinQueries(), map[string]bool{}
	if n := strings.Count(joinText, "-- "); n != len(queries) || n < 12 {
		t.Errorf("%d queries of %d", len(queries), n)
	}
	for _, q := range queries {
		if seen[q.name] || q.title == "" || !strings.HasPrefix(q.sql, "SELECT ") || strings.Contains(q.sql, ";") {
			t.Errorf("%+v", q)
		}
		seen[q.name] = true
	}
}
