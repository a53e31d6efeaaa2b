package router

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/catalogtest"
)

// TestBrief presumes which queries end soon.
func TestBrief(t *testing.T) {
	parsed := catalogtest.Parse(t, `shards a b
		big on a: id int, uid text, n int
		far on b: id int, uid text
		dim on a: id int, name text
		new on a: id int, name text`)
	var tables []*catalog.Table
	for name, rows := range map[string]int64{"big": 10_000_000, "far": 5_000_000, "dim": 200, "new": 0} {
		known, _ := parsed.Table(name)
		sized := *known
		sized.Placements = slices.Clone(known.Placements)
		sized.Placements[0].Rows, sized.Placements[0].Bytes = rows, rows*100
		if name == "big" {
			sized.Indexes = []catalog.Index{{Columns: []string{"UID", "n"}}}
		}
		tables = append(tables, &sized)
	}
	snap := catalog.NewSnapshot(2, slices.Clone(parsed.Shards()), tables)
	router := New(Config{Database: "db"})
	deep := "with z0 as (select 1 as x)"
	for i := range 30 {
		from := string(rune('a'+i/10)) + string(rune('0'+i%10))
		deep += ", " + from + " as (select p.x from " + last(deep) + " p, " + last(deep) + " q)"
	}
	for sql, want := range map[string]bool{
		"select 1":                                                                          true,
		"select * from big where id = 7":                                                    true,
		"select * from big where 7 = id and n > 3":                                          true,
		"select * from big where id in (1, 2, 3)":                                           true,
		"select * from big where uid = 'x'":                                                 true,
		"select * from big where n = 3":                                                     false,
		"select * from big where id = n":                                                    false,
		"select * from big where id = 1 or n = 2":                                           false,
		"select * from big where not id = 1":                                                false,
		"select count(*) from big":                                                          false,
		"select * from big limit 10":                                                        true,
		"select * from big order by n limit 10":                                             false,
		"select distinct n from big limit 10":                                               false,
		"select * from big limit 10 offset 5000000":                                         false,
		"select n, row_number() over () from big limit 10":                                  false,
		"select count(*) from dim":                                                          true,
		"select count(*) from new":                                                          true,
		"select count(*) from new n1, new n2":                                               false,
		"select count(*) from dim d1, dim d2":                                               true,
		"select count(*) from dim d1, dim d2, dim d3, dim d4":                               false,
		"select * from dim where id in (select n from big)":                                 false,
		"select * from dim where name in (select name from dim)":                            true,
		"select * from big b join far f on f.uid = b.uid where b.id = 4":                    false,
		"select * from big b join far f on f.uid = b.uid where b.id = 4 and f.id = 4":       true,
		"select n from big where id = 1 union all select id from far where id = 1":          true,
		"select n from big where id = 1 union all select id from far":                       false,
		"with recursive r as (select 1 as x union all select x + 1 from r) select * from r": false,
		"with r as (select name from dim) select * from r where name = 'x'":                 true,
		deep + " select * from " + last(deep):                                               false,
	} {
		plan, err := router.Plan(snap, Query{SQL: sql})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
		} else if plan.Brief != want {
			t.Errorf("%s: brief %t, want %t", sql, plan.Brief, want)
		}
	}
	for sql, want := range map[string]bool{"select * from big": true, "select * from big order by n": false} {
		if plan, err := router.Plan(snap, Query{SQL: sql, MaxRows: 10_000}); err != nil || plan.Brief != want {
			t.Errorf("%s of 10,000 rows: brief %t, want %t (%v)", sql, !want, want, err)
		}
	}
}

// last returns the name of the last CTE of a WITH.
func last(with string) string {
	before := with[:strings.LastIndex(with, " as (")]
	return before[strings.LastIndexByte(before, ' ')+1:]
}
