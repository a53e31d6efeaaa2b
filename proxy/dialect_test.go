package proxy

import (
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
)

// TestDialect begins with another server's dialect: the plan is made anew in
// that of the shard that answers, which the next query begins with.
func TestDialect(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.Shards.Set.All()[0]
	info, err := sh.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spoken := dialectOf(info)
	other := router.Dialect{TruthAsWritten: !spoken.TruthAsWritten, DoubleNot: true}
	var asked []router.Dialect
	p := New(Config{Catalog: &fakeCatalog{}, Shards: f.Shards.Set, Router: fakeRouter(func(_ *catalog.Snapshot, q router.Query) (*router.Plan, error) {
		asked = append(asked, q.Dialect)
		return &router.Plan{Kind: router.Single, Steps: []router.Step{{Shard: sh.Name(), SQL: "SELECT 1"}}}, nil
	})})
	defer p.Close()
	p.dialect.Store(&other)
	for range 2 {
		if _, err := p.Explain(t.Context(), Query{ID: "q"}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []router.Dialect{other, spoken, spoken}; !slices.Equal(asked, want) {
		t.Errorf("planned in %+v, not in %+v", asked, want)
	}
}
