package router

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
)

// TestLimitForgetsCollation has a server that sorts by another collation as soon
// as a statement has a LIMIT: then only what has one already gets a lower one.
func TestLimitForgetsCollation(t *testing.T) {
	snap := catalogtest.Parse(t, "shards a\ndog on a: id int, name text\n")
	router := New(Config{})
	for order, limited := range map[string]bool{
		"":                               true,
		" ORDER BY CONCAT(name, ''), id": true,
		" ORDER BY id, CONCAT(name, '') COLLATE utf8mb4_bin":                       false,
		" ORDER BY LOWER(CONCAT(name, '') COLLATE utf8mb4_bin)":                    false,
		" ORDER BY CONCAT(name, '') COLLATE utf8mb4_bin LIMIT 100":                 true,
		" ORDER BY (SELECT MAX(d.name COLLATE utf8mb4_bin) FROM dog AS d), dog.id": true,
	} {
		for _, query := range []string{"SELECT name, id FROM dog", "SELECT name, id FROM dog UNION ALL SELECT name, id FROM dog"} {
			if strings.HasPrefix(order, " ORDER BY (SELECT") && strings.Contains(query, "UNION") {
				continue // which may sort by its columns alone
			}
			q := Query{SQL: query + order, MaxRows: 9, Dialect: Dialect{LimitForgetsCollation: true}}
			if plan := planOf(t, router, snap, q); strings.HasSuffix(plan.Steps[0].SQL, " LIMIT 10") != limited {
				t.Errorf("%s: %s", q.SQL, plan)
			}
			q.Dialect = Dialect{}
			if plan := planOf(t, router, snap, q); !strings.HasSuffix(plan.Steps[0].SQL, " LIMIT 10") {
				t.Errorf("%s, elsewhere: %s", q.SQL, plan)
			}
		}
	}
}
