package resolve

import (
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/router/guard"
)

// resolved returns the block of a query over the tables of a catalog.
func resolved(t testing.TB, catalog, query string) *Block {
	t.Helper()
	st, err := guard.Parse(query, nil, guard.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	b, err := Statement(catalogtest.Parse(t, catalog), "db", st)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return b
}

// TestCaseOfWiths has a server that tells names of WITH queries apart by their case.
func TestCaseOfWiths(t *testing.T) {
	for sql, exact := range map[string]bool{
		"WITH T AS (SELECT 1 AS n) SELECT * FROM T":                                     true,
		"WITH T AS (SELECT 1 AS n) SELECT * FROM t":                                     false,
		"WITH t AS (SELECT 1 AS n) SELECT * FROM T AS t":                                false,
		"WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n FROM C) SELECT * FROM c": false,
	} {
		for _, dialect := range []guard.Dialect{{}, {ExactWiths: true}} {
			st, err := dialect.Parse(sql, nil, guard.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = Statement(catalogtest.Parse(t, "shards a\nt on a: id int\n"), "db", st)
			if refused := err != nil; refused != (dialect.ExactWiths && !exact) {
				t.Errorf("%s, told apart %t: %v", sql, dialect.ExactWiths, err)
			}
		}
	}
}
