package router

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
)

// TestShownKeys has groups by a text of the rank of a literal, hashed, which
// are computed in parts where it is only shown.
func TestShownKeys(t *testing.T) {
	snap := catalogtest.Parse(t, "shards a b\nlogs on a b: id int, name text")
	for query, want := range map[string]bool{
		"SELECT MD5(name) AS x, COUNT(*) FROM logs GROUP BY x":                                true,
		"SELECT MD5(name) AS x, COUNT(*) FROM logs GROUP BY x ORDER BY x":                     true,
		"SELECT MD5(name) AS x, COUNT(*) AS n FROM logs GROUP BY x ORDER BY n * 2, MD5(name)": true,
		"SELECT DISTINCT MD5(name) FROM logs":                                                 true,
		"SELECT COUNT(DISTINCT MD5(name)) FROM logs":                                          true,
		"SELECT MAX(MD5(name)) FROM logs":                                                     true,
		"SELECT MD5(name) AS x, COUNT(*) FROM logs GROUP BY x HAVING x = 'a'":                 false,
		"SELECT MD5(name) = name, COUNT(*) FROM logs GROUP BY MD5(name), name":                false,
		"SELECT MD5(name) AS x, COUNT(*) FROM logs GROUP BY x ORDER BY x = 'a'":               false,
		"SELECT MAX(MD5(name)) = MAX(name) FROM logs":                                         false,
		"SELECT UPPER(name) AS x, name, COUNT(*) FROM logs GROUP BY x, name HAVING x = name":  true,
		"SELECT MD5(name) AS x, COUNT(*) FROM logs GROUP BY x HAVING COUNT(*) > 1":            false,
	} {
		plan := planOf(t, New(Config{Database: "db"}), snap, Query{SQL: query}).String()
		if got := strings.Contains(plan, "(groups of"); got != want {
			t.Errorf("%s: in parts %v, not %v\n%s", query, got, want, plan)
		}
	}
}
