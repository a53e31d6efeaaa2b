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
