package router

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/catalogtest"
)

// TestNotes asks which joins of strings lack an index.
func TestNotes(t *testing.T) {
	snap := catalogtest.Parse(t, `shards a b
		conn on a: id int, uid text, bytes int
		dns on a: id int, uid text, query text
		far on b: id int, uid text`)
	conn, _ := snap.Table("conn")
	router := New(Config{Database: "db"})
	notes := func(sql string) []string {
		t.Helper()
		plan, err := router.Plan(snap, Query{SQL: sql, Notes: true})
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return plan.Notes
	}
	join := "select 1 from conn join dns on conn.uid = dns.uid"
	if got := notes(join); len(got) != 1 || !strings.Contains(got[0], "`conn`.`uid` and `dns`.`uid` are joined on shard a") {
		t.Errorf("%s: notes %q", join, got)
	}
	for _, sql := range []string{
		"select 1 from conn join far using (uid)",
		"select 1 from conn join far on far.uid = conn.uid",
		"select 1 from conn join dns on conn.id = dns.id",
	} {
		if got := notes(sql); len(got) > 0 {
			t.Errorf("%s: notes %q", sql, got)
		}
	}
	indexed := *conn
	indexed.Indexes = []catalog.Index{{Columns: []string{"UID"}}}
	dns, _ := snap.Table("dns")
	snap = catalog.NewSnapshot(2, slices.Clone(snap.Shards()), []*catalog.Table{&indexed, dns})
	if got := notes(join); len(got) > 0 {
		t.Errorf("%s with an index: notes %q", join, got)
	}
}

// TestGatherers checks that queries are spread over the servers that are used
// only for gathering, and that each keeps to its own.
func TestGatherers(t *testing.T) {
	snap := catalogtest.Parse(t, "shards a b\nx on a: id int\ny on b: id int")
	router := New(Config{Database: "db", Homes: []string{"g1", "g2"}})
	homes := map[string]int{}
	for i := range 20 {
		sql := "select x.id from x join y using (id) where x.id > " + strings.Repeat("1", i+1)
		for range 2 {
			plan, err := router.Plan(snap, Query{SQL: sql})
			if err != nil || len(plan.Steps) != 3 {
				t.Fatalf("%v: %s", err, plan)
			}
			homes[plan.Home]++
		}
	}
	if homes["g1"]+homes["g2"] != 40 || homes["g1"]%2 != 0 || homes["g1"] == 0 || homes["g2"] == 0 {
		t.Errorf("homes %v", homes)
	}
}
