package router

import "testing"

// resolved returns the block of a query over the tables of a catalog, which
// parseCatalog reads.
func resolved(t testing.TB, catalog, query string) *block {
	t.Helper()
	st, err := parse(query, nil, limits{})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	b, err := resolve(parseCatalog(t, catalog), "db", st)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return b
}
